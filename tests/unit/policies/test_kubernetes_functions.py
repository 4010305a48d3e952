"""The documented examples of Kubernetes' CEL libraries; the real API server judges more in ``tests/integration``."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.errors import ExpressionError, UnsupportedExpressionError
from pipeline.expressions.kubernetes import KubernetesPrograms


@pytest.fixture(scope="module")
def programs() -> KubernetesPrograms:
    return KubernetesPrograms()


@pytest.mark.parametrize(
    "expression",
    [
        "quantity('50k').add(quantity('20k')) == quantity('70k')",
        "quantity('50k').add(20).sub(quantity('100k')).sub(-50000) == quantity('20')",
        "quantity('200M').compareTo(quantity('0.2G')) == 0",
        "quantity('150Mi').isGreaterThan(quantity('100Mi'))",
        "isQuantity('1.3Gi') && !isQuantity('200K')",
        "semver('1.0', true) == semver('1.0.0') && semver('1.2.3').minor() == 2",
        "ip('::1').family() == 6 && isIP('127.0.0.1')",
        "cidr('192.168.0.0/24').containsIP('192.168.0.1')",
        "url('https://example.com:80/path').getPort() == '80' && !isURL('../relative')",
        "'abc 123'.find('[0-9]+') == '123' && '1 2'.findAll('[0-9]') == ['1', '2']",
        "[1, 3].sum() == 4 && [3, 1].min() == 1 && ['a', 'b'].isSorted()",
        "['a', 'b'].indexOf('b') == 1 && 'abc'.indexOf('c') == 2 && [1, 1].lastIndexOf(1) == 1",
        "'%s is %d'.format(['a', 1]) == 'a is 1' && '%s'.format([{'a': ['b']}]) == '{\"a\":[\"b\"]}'",
        "sets.contains([1, 2], [1]) && optional.none().orValue(1) == 1",
    ],
)
def test_documented_examples_hold(expression: str, programs: KubernetesPrograms) -> None:
    assert programs.compile(expression).evaluate(programs.bind({})) is True


@pytest.mark.parametrize(
    ("expression", "missing"),
    [
        ("authorizer.group('').resource('pods').check('get').allowed()", "authorizer"),
        ("format.named('dns1123Label').hasValue()", "format"),
        ("format.uri().validate('/').hasValue()", "format"),
        ("nonsense(1)", "nonsense"),
        ("other.field", "other"),
        ("cel.bind(a, 1, a == 1)", "cel.bind"),
        ("string(ip('10.0.0.1')) == ''", "string is not known for"),
        ("{'a': 1}.transformMap(k, v, v) == {}", "macro"),
        ("'x'.find('x*') == ''", "finds the empty text"),
        ("'%e'.format([1.0]) == ''", "format with %e"),
        ("url('mailto:a@example.com').getScheme() == ''", "a URL without a path"),
        ("optional.of(1)", "cannot be handed over"),
        ("(" * 60 + "true" + ")" * 60, "nested too deeply"),
        ("object.all(a, object.all(b, a != b || true))", "10,000 steps"),
    ],
)
def test_what_is_not_to_be_had_is_named_and_not_evaluated(
    expression: str, missing: str, programs: KubernetesPrograms
) -> None:
    bound = programs.bind({"object": list(range(200))})
    with pytest.raises(UnsupportedExpressionError) as caught:
        programs.compile(expression).evaluate(bound)
    assert missing in caught.value.message


@pytest.mark.parametrize("expression", ["1 +", "((", "'unterminated", "object.[0]"])
def test_what_is_no_cel_is_refused_for_good(expression: str, programs: KubernetesPrograms) -> None:
    with pytest.raises(ExpressionError, match="the CEL expression is wrong") as caught:
        programs.compile(expression)
    assert caught.value.is_final
    assert not isinstance(caught.value, UnsupportedExpressionError)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("object.secret.missing", "no such key: missing"),
        ("object.secret[3]", "fails"),
        ("object.secret.value + 1 == 2", "no such overload"),
        ("quantity(object.secret.value) == quantity('1')", "fails"),
    ],
)
def test_failures_tell_nothing_of_the_data(expression: str, message: str, programs: KubernetesPrograms) -> None:
    bound = programs.bind({"object": {"secret": {"value": "hunter2"}}})
    with pytest.raises(ExpressionError, match=message) as caught:
        programs.compile(expression).evaluate(bound)
    assert "hunter2" not in caught.value.message
    assert not caught.value.is_final


@pytest.mark.parametrize(
    ("expression", "gives"), [("true", "bool"), ("object.a", "dyn"), ("'a'", "string"), ("object.a == 1", "bool")]
)
def test_programs_know_the_type_of_their_values(expression: str, gives: str, programs: KubernetesPrograms) -> None:
    assert programs.compile(expression).gives == gives


def test_a_program_is_evaluated_over_many_objects(programs: KubernetesPrograms) -> None:
    program = programs.compile("object.replicas > 1")

    def verdict(replicas: int) -> Any:  # noqa: ANN401 - what the program gives
        return program.evaluate(programs.bind({"object": {"replicas": replicas}}))

    assert [verdict(number) for number in (1, 2, 3)] == [False, True, True]
