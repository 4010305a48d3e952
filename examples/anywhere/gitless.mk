# For any CI that can run make, beside a gitless.yaml:
#   make -f gitless.mk review                     on every change
#   make -f gitless.mk publish TARGET=staging     on the main branch: build, validate, package, sign, attest (validate
#                                                 and attest where gitless.yaml has `validation` and `attestations`)
#   make -f gitless.mk deploy TARGET=staging      in a later job that may reach the cluster: diff, apply, verify
# `publish` leaves its results in RESULTS, which the later job needs: keep the folder as an artifact of the job.
GITLESS ?= gitless
TARGET ?= staging
RESULTS ?= .gitless/results
export GITLESS_TARGET = $(TARGET)

.PHONY: review publish deploy

review:
	$(GITLESS) run --to validate

publish:
	$(GITLESS) run --to attest --results-dir '$(RESULTS)'

deploy:
	$(GITLESS) run --from diff --results-dir '$(RESULTS)'
