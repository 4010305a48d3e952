#!/bin/sh
# For any CI that can run a shell, beside a gitless.yaml:
#   gitless.sh review|publish|deploy [TARGET]
# `publish` builds, validates, packages, signs and attests (validates and attests where gitless.yaml has `validation` and
# `attestations`), and leaves its results in RESULTS; `deploy`, in a later job that may reach the cluster and has that
# folder, applies exactly that digest and verifies it.
set -eu

stage=${1:?expected review, publish or deploy}
target=${2:-staging}
results=${RESULTS:-.gitless/results}

case $stage in
review) gitless run --target "$target" --to validate ;;
publish) gitless run --target "$target" --to attest --results-dir "$results" ;;
deploy) gitless run --target "$target" --from diff --results-dir "$results" ;;
*)
    echo "gitless.sh: there is no stage '$stage'; expected review, publish or deploy" >&2
    exit 2
    ;;
esac
