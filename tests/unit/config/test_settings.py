from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.config import load_settings
from pipeline.errors import ConfigurationError
from pipeline.model.documents.durations import parse_duration
from pipeline.model.settings.overrides import Overrides
from pipeline.model.settings.recording import RecordingOptions
from pipeline.model.settings.signing import SigningOptions
from pipeline.model.settings.values import AttestationSettings
from pipeline.model.validation.finding import Severity

HEAD = "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"


def write(folder: Path, text: str) -> Path:
    file = folder / "gitless.yaml"
    file.write_text(text)
    return file


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEAD + "sorces: []\n", 4, "unknown key 'sorces'; did you mean 'sources'?"),
        (HEAD + "artifact:\n  repositry: oci://h/r\n", 5, "'artifact.repositry'; did you mean 'repository'?"),
        (HEAD + "artifact:\n  tags: latest\n", 5, "'artifact.tags'"),
        (HEAD + "targets:\n  staging:\n    prune: 'yes'\n", 6, "'targets.staging.prune'"),
        (HEAD + "sources:\n  - path: a\n  - renderer: helm\n", 6, "'sources[1].path' is missing"),
        (HEAD + "signing: {format: bundle}\n", 4, "'signing' needs exactly one of: key, keyless"),
        (HEAD + "signing: {key: a, keyless: true}\n", 4, "'signing' needs exactly one of: key, keyless"),
        (HEAD + "attestations: {sbom: [xml]}\n", 4, "'attestations.sbom[0]'"),
        ("kind: Pipeline\nname: shop\n", 1, "'apiVersion' is missing"),
        (HEAD + "registry: {timeout: soon}\n", 4, "'registry.timeout'"),
        (HEAD + "zzz: 1\n", 4, "known here: apiVersion"),
    ],
)
def test_a_mistake_is_named_with_file_line_and_what_was_meant(tmp_path: Path, text: str, line: int, says: str) -> None:
    file = write(tmp_path, text)

    with pytest.raises(ConfigurationError) as caught:
        load_settings(file)

    assert caught.value.message.startswith(f"{file}:{line}: ")
    assert says in caught.value.message


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    file = write(tmp_path, HEAD + "sorces: []\nartefact: {}\n")

    with pytest.raises(ConfigurationError) as caught:
        load_settings(file)

    assert "sorces" in caught.value.message
    assert "artefact" in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", HEAD + "---\n" + HEAD, HEAD + "name: twice\n"])
def test_what_is_not_one_document_of_keys_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"gitless\.yaml"):
        load_settings(write(tmp_path, text))


def test_a_missing_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(tmp_path / "gitless.yaml")

    assert "gitless init" in (caught.value.hint or "")


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    text = HEAD + "sources: [{path: base}]\nsigning: {key: k/cosign.key}\ntrust: {keys: [cosign.pub]}\n"

    settings = load_settings(write(tmp_path, text + "artifact: {repository: 'oci-layout:out'}\n"))

    assert settings.sources[0].path == tmp_path / "base"
    assert settings.signing is not None
    assert settings.signing.key == str(tmp_path / "k/cosign.key")
    assert settings.artifact.repository == f"oci-layout:{tmp_path / 'out'}"


def test_signing_without_a_key_names_files_beside_the_settings(tmp_path: Path) -> None:
    text = (
        HEAD + "signing:\n  keyless: true\n  identityTokenFile: token\n  trustedRoot: root.json\n"
        "  signingConfig: /etc/signing.json\n  tuf: {url: 'https://tuf.example', root: first.json}\n"
    )

    signing = load_settings(write(tmp_path, text)).signing

    assert signing == SigningOptions(
        keyless=True,
        identity_token_file=str(tmp_path / "token"),
        trusted_root=str(tmp_path / "root.json"),
        signing_config="/etc/signing.json",
        tuf_url="https://tuf.example",
        tuf_root=str(tmp_path / "first.json"),
    )


def test_a_key_that_a_service_keeps_is_no_file(tmp_path: Path) -> None:
    signing = load_settings(write(tmp_path, HEAD + "signing: {key: 'awskms:///alias/release'}\n")).signing

    assert signing == SigningOptions(key="awskms:///alias/release")


def test_signing_without_a_key_makes_no_simple_signatures(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"signing\.keyless.*simple"):
        load_settings(write(tmp_path, HEAD + "signing: {keyless: true, format: simple}\n"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("attestations: {}\n", AttestationSettings()),
        ("attestations: {provenance: false}\n", AttestationSettings(provenance=False)),
        ("attestations: {sbom: [spdx, cyclonedx, spdx]}\n", AttestationSettings(sboms=("spdx", "cyclonedx"))),
    ],
)
def test_attestations_are_made_only_where_they_are_asked_for(
    tmp_path: Path, text: str, expected: AttestationSettings | None
) -> None:
    assert load_settings(write(tmp_path, HEAD + text)).attestations == expected


@pytest.mark.parametrize(
    ("kept", "given", "expected"),
    [
        (None, SigningOptions(), None),
        (None, SigningOptions(key="k"), SigningOptions(key="k")),
        (SigningOptions(key="a", password_file="p"), SigningOptions(), SigningOptions(key="a", password_file="p")),
        (
            SigningOptions(key="a", format="simple"),
            SigningOptions(key="b", password_file="q"),
            SigningOptions(key="b", password_file="q", format="simple"),
        ),
        (
            SigningOptions(key="a"),
            SigningOptions(keyless=True, identity_token_file="t"),
            SigningOptions(keyless=True, identity_token_file="t"),
        ),
        (
            SigningOptions(keyless=True, trusted_root="r"),
            SigningOptions(identity_token_file="t"),
            SigningOptions(keyless=True, trusted_root="r", identity_token_file="t"),
        ),
    ],
)
def test_options_say_who_signs_instead_of_the_file(
    tmp_path: Path, kept: SigningOptions | None, given: SigningOptions, expected: SigningOptions | None
) -> None:
    settings = replace(load_settings(write(tmp_path, HEAD)), signing=kept)

    assert Overrides(signing=given).of_settings(settings).signing == expected


def test_a_target_replaces_sources_and_single_fields_of_the_artifact(tmp_path: Path) -> None:
    text = (
        "sources: [{path: base}]\nartifact: {repository: 'oci://h.example/r', tags: [latest]}\n"
        "targets: {staging: {sources: [{path: overlay}], artifact: {tags: [staging]}, timeout: 1m30s}}\n"
    )
    settings = load_settings(write(tmp_path, HEAD + text))

    staging = settings.for_target(settings.targets["staging"])

    assert [source.path.name for source in staging.sources] == ["overlay"]
    assert staging.artifact.repository == "oci://h.example/r"
    assert staging.artifact.tags == ("staging",)
    assert settings.targets["staging"].timeout == 90
    assert settings.targets["staging"].inventory == "shop"


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("1m30s", 90), ("500ms", 0.5), ("2h", 7200), ("1.5m", 90)])
def test_durations_are_gos(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5 m", "m", "1d", "-5s"])
def test_what_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="duration"):
        parse_duration(text)


def test_deploy_records_are_asked_for_by_target(tmp_path: Path) -> None:
    file = tmp_path / "gitless.yaml"
    file.write_text(
        "apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\n"
        "records: {repository: 'oci://r.test/all', keys: [cluster.pub]}\n"
        "targets:\n"
        "  live:\n"
        "    deployRecord:\n"
        "      cluster: prod\n"
        "      repository: oci://r.test/records\n"
        "      registryConfig: login.json\n"
        "      keep: 5\n"
        "      signing: {key: cluster.key}\n"
        "  other: {}\n"
    )

    settings = load_settings(file)

    recording = settings.targets["live"].deploy_record
    assert (recording.cluster, recording.repository, recording.keep) == ("prod", "oci://r.test/records", 5)
    assert recording.registry_config == str(tmp_path / "login.json")
    assert recording.signing.key == str(tmp_path / "cluster.key")
    assert not settings.targets["other"].deploy_record
    assert settings.records_of("prod") == "oci://r.test/all"
    assert replace(settings, records_repository="").records_of("prod") == "oci://r.test/records"
    assert replace(settings, records_repository="").records_of("other") == ""
    given = RecordingOptions(cluster="other", keep=7)
    assert given.over(recording) == replace(recording, cluster="other", keep=7)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("{}", "cluster"),
        ("{cluster: Prod}", "cluster"),
        ("{cluster: a, keep: 0}", "keep"),
        ("{cluster: a, x: 1}", "'x'|x"),
    ],
)
def test_a_deploy_record_that_makes_no_sense_is_refused_with_its_line(tmp_path: Path, said: str, why: str) -> None:
    file = tmp_path / "gitless.yaml"
    file.write_text(
        f"apiVersion: gitless.dev/v1\nkind: Pipeline\nname: shop\ntargets:\n  live:\n    deployRecord: {said}\n"
    )

    with pytest.raises(ConfigurationError, match=rf"gitless.yaml:6: .*({why})"):
        load_settings(file)


@pytest.mark.parametrize("off", ['"off"', "off", "false"])
def test_a_rule_is_switched_off_with_quotes_or_without(off: str, tmp_path: Path) -> None:
    text = f"validation: {{rules: {{probe-liveness: {off}, image-digest: error}}}}\n"
    validation = load_settings(write(tmp_path, HEAD + text)).validation

    assert validation is not None
    assert validation.severities == {"probe-liveness": None, "image-digest": Severity.ERROR}


def test_a_suppression_knows_its_line(tmp_path: Path) -> None:
    text = 'validation:\n  ignore:\n    - rule: image-*\n      objects: ["* shop/*"]\n      reason: a rehearsal only\n'
    validation = load_settings(write(tmp_path, HEAD + text)).validation

    assert validation is not None
    (ignored,) = validation.ignored
    assert (ignored.rule, ignored.objects, ignored.reason) == ("image-*", ("* shop/*",), "a rehearsal only")
    assert ignored.place.endswith(f"gitless.yaml:{HEAD.count(chr(10)) + 3}")
