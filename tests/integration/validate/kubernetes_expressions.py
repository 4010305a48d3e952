"""Expressions that the real API server and our own evaluation are asked alike, over :data:`SUBJECT`."""

from __future__ import annotations

from typing import Any

SUBJECT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "web",
        "labels": {"app": "web", "team.example.com/name": "shop", "empty": ""},
        "annotations": {"version": "1.10.2", "url": "https://me:word@example.com:8443/a%20b/c?k1=a&k2=b&k2=c#end"},
    },
    "spec": {
        "replicas": 3,
        "paused": False,
        "selector": {"matchLabels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {
                "containers": [
                    {
                        "name": "web",
                        "image": "registry.example.com:5000/shop/web:1.2.3",
                        "ports": [{"containerPort": 8080}, {"containerPort": 9090, "name": "metrics"}],
                        "env": [{"name": "ADDRESS", "value": "10.1.2.3"}, {"name": "NETWORK", "value": "10.1.0.0/16"}],
                        "resources": {
                            "requests": {"cpu": "250m", "memory": "128Mi"},
                            "limits": {"cpu": "1", "memory": "256Mi"},
                        },
                    },
                    {"name": "proxy", "image": "proxy@sha256:" + "0" * 64, "args": ["--depth", "3", "ünïcode 😀"]},
                ],
            },
        },
    },
}

_POD = "object.spec.template.spec"
_WEB = f"{_POD}.containers[0]"
_URL = "url(object.metadata.annotations.url)"

LANGUAGE = (
    "object.spec.replicas <= 3",
    "object.spec.replicas > 3",
    "object.spec.replicas < 3.5",
    "object.spec.replicas == 3.0",
    "object.spec.replicas == 3u",
    "object.spec.replicas + 1 == 4",
    "object.spec.replicas / 2 == 1",
    "object.spec.replicas % 0 == 1",
    "object.spec.replicas + 'a' == 'b'",
    "-object.spec.replicas == -3",
    "9223372036854775807 + object.spec.replicas > 0",
    "object.metadata.namespace == 'default' || object.metadata.namespace.startsWith('test-')",
    "object.metadata.name.matches('^[a-z]+$')",
    "object.metadata.name.matches(object.metadata.name + '(')",
    "object.metadata.labels['team.example.com/name'] == 'shop'",
    "object.metadata.labels.missing == 'x'",
    "has(object.metadata.labels.missing)",
    "has(object.metadata.labels.empty)",
    "'app' in object.metadata.labels && !('other' in object.metadata.labels)",
    "!has(object.spec.nothing) || object.spec.nothing.deeper == 1",
    "object.spec.nothing.deeper == 1",
    "object.metadata.?labels[?'team.example.com/name'].orValue('') == 'shop'",
    "object.?spec.?nothing.?deeper.orValue(7) == 7",
    "object.?metadata.?labels.hasValue()",
    "object.metadata.?name.optMap(name, name.size()).orValue(0) == 3",
    "optional.of(object.spec.replicas).value() == 3",
    "optional.none().hasValue()",
    "object.spec.nothing == 1 || object.spec.replicas == 3",
    "object.spec.replicas == 3 || object.spec.nothing == 1",
    "object.spec.nothing == 1 && object.spec.replicas == 4",
    "object.spec.nothing == 1 && object.spec.replicas == 3",
    "object.spec.replicas == 3 ? true : object.spec.nothing == 1",
    "object.spec.paused == false",
    "object.kind == 'Deployment' && object.apiVersion == 'apps/v1'",
    "oldObject == null",
    "request.operation == 'CREATE' && request.kind.kind == 'Deployment' && request.resource.resource == 'deployments'",
    "request.kind.group == 'apps' && request.kind.version == 'v1' && request.name == 'web'",
    "request.subResource == '' && request.namespace == object.metadata.namespace",
    "has(request.subResource) && request.requestResource.resource == 'deployments'",
    "type(object.spec.replicas) == int && type(object.metadata.name) == string",
    "type(object.metadata.labels) == map && type([1]) == list",
    "dyn(object.spec.replicas) == 'x'",
    "double('1.5') == 1.5 && string(object.spec.replicas) == '3' && string(true) == 'true'",
    "bool('true') && !bool('False')",
    "uint(3) == 3u && bytes('a') == b'a' && string(b'a') == 'a'",
    "duration('90s') == duration('1m30s') && duration('1h').getMinutes() == 60",
    "timestamp('2026-01-02T03:04:05Z').getFullYear() == 2026",
    "timestamp('2026-01-02T03:04:05Z').getMonth() == 0",
    "timestamp('2026-01-02T03:04:05Z').getHours('Europe/Berlin') == 4",
    "timestamp('2026-01-02T03:04:05Z') + duration('1h') > timestamp('2026-01-02T04:00:00Z')",
    f"{_POD}.containers.all(c, has(c.resources.limits))",
    f"{_POD}.containers.exists(c, c.name == 'proxy')",
    f"{_POD}.containers.exists_one(c, c.name.startsWith('p'))",
    f"{_POD}.containers.filter(c, c.name == 'web').size() == 1",
    f"{_POD}.containers.map(c, c.name) == ['web', 'proxy']",
    f"{_POD}.containers.map(c, c.name == 'web', c.image)[0].endsWith('1.2.3')",
    f"{_POD}.containers[5].name == 'x'",
    f"{_POD}.containers[0].ports.map(p, p.containerPort) == [8080, 9090]",
    f"{_POD}.containers[1].args[2].size() == 9",
    f"{_POD}.initContainers.all(c, true)",
    "object.metadata.labels.all(key, key.size() > 2)",
    "object.metadata.labels.exists(key, key.startsWith('team'))",
    "object.metadata.labels.all(key, value, key != value)",
    f"{_POD}.containers.all(index, c, c.name != string(index))",
    "[1, 2, 3].transformList(index, value, index * value) == [0, 2, 6]",
    "[1, 2, 3].exists(i, v, i == 0 && v == 1)",
    "{'a': 1, 'b': 2}.transformMap(k, v, v * 2) == {'a': 2, 'b': 4}",
    "[1, 2] + [3] == [1, 2, 3]",
    "object.metadata.labels == {'app': 'web', 'team.example.com/name': 'shop', 'empty': ''}",
    "null == object.metadata.name",
    "'a' < 'b' && 'B' < 'a'",
    "'''it's''' == \"it's\" && r'\\d' == '\\\\d' // a comment with 'quotes'",
    "size('ünï') == 3 && size(b'ün') == 3",
)

TEXTS = (
    "object.metadata.name.upperAscii() == 'WEB' && 'ÄB'.lowerAscii() == 'Äb'",
    f"{_WEB}.image.split('/') == ['registry.example.com:5000', 'shop', 'web:1.2.3']",
    f"{_WEB}.image.split('/', 2)[1] == 'shop/web:1.2.3'",
    "['a', 'b'].join('-') == 'a-b' && [].join('x') == ''",
    "'a-b-c'.replace('-', '+') == 'a+b+c' && 'a-b-c'.replace('-', '+', 1) == 'a+b-c'",
    "'tacocat'.substring(4) == 'cat' && 'tacocat'.substring(0, 4) == 'taco'",
    "'tacocat'.substring(40) == 'cat'",
    "'tacocat'.charAt(3) == 'o' && 'tacocat'.charAt(7) == ''",
    "'tacocat'.charAt(9) == ''",
    "'hello mellow'.indexOf('ello') == 1 && 'hello mellow'.indexOf('ello', 2) == 7 && 'a'.indexOf('z') == -1",
    "'hello mellow'.lastIndexOf('ello') == 7 && 'hello mellow'.lastIndexOf('ello', 6) == 1",
    "'  trim\\n '.trim() == 'trim'",
    "'%s has %d of %.1f'.format(['x', 3, 2.25]) == 'x has 3 of 2.2'",
    "'%s'.format([{'a': [1, true, null]}]) == '{a: [1, true, null]}'",
    "'%s'.format([['a', 1]]) == '[\"a\", 1]' && '%.1f'.format([1234.5]) == '1,234.5'",
    "'%x %X %o %b %e'.format([255, 'hi', 8, 5, 1052.032911]) == 'ff 6869 10 101 1.052033e+03'",
    "strings.quote('a\"b\\n') == '\"a\\\\\"b\\\\n\"'",
    "'abc'.contains('b') && 'abc'.endsWith('bc')",
    "'image:1.2.3'.find('[0-9]+') == '1' && 'image'.find('[0-9]+') == ''",
    "'image:1.22.333'.findAll('[0-9]+') == ['1', '22', '333']",
    "'image:1.22.333'.findAll('[0-9]+', 2) == ['1', '22']",
    "'ab12cd'.find('([a-z])([0-9])') == 'b1' && '(x)'.find('\\\\(x[)]') == '(x)'",
    "'AbC'.find('(?i)b') == 'b' || 'AbC'.find('(?i)b') == 'B'",
)

LISTS = (
    "[1, 2, 2].isSorted() && !['b', 'a'].isSorted() && [].isSorted()",
    "[1, 2, 3].sum() == 6 && [1.5, 2.5].sum() == 4.0",
    "[duration('1m'), duration('1s')].sum() == duration('61s')",
    "[3, 1, 2].min() == 1 && ['a', 'c', 'b'].max() == 'c'",
    f"{_WEB}.ports.map(p, p.containerPort).sum() == 17170",
    f"{_POD}.containers.map(c, c.name).max() == 'web'",
    f"{_POD}.containers.filter(c, false).map(c, c.name).max() == 'web'",
    "[1, 2, 3].slice(1, 3) == [2, 3] && [[1], [2, 3]].flatten() == [1, 2, 3]",
    "[1, 1, 2].distinct() == [1, 2] && [2, 1].sort() == [1, 2] && [1, 2].reverse() == [2, 1]",
    "lists.range(3) == [0, 1, 2]",
    f"{_POD}.containers.sortBy(c, c.name)[0].name == 'proxy'",
    "sets.contains([1, 2, 3], [2]) && sets.equivalent([1, 2], [2, 1, 1]) && !sets.intersects([1], [2])",
    "['a', 'b', 'a'].indexOf('a') == 0 && ['a', 'b', 'a'].lastIndexOf('a') == 2",
)

_FORMATTED = [
    "", "a", "a-", "-a", "a.b", "a..b", "A", "1a", "a_b", "a/b", "/a", "A.b/c", "a" * 64, "ä", "a ",
    "0123456789abcdef0123456789abcdef", "YQ==", "YQ", "2024-02-29", "2023-02-29", "2024-2-1", "2024-02-29T23:59:59Z",
    "2024-02-29t00:00:00.5+01:00", "2024-02-29T24:00:00Z",
]  # fmt: skip
_PLAIN = ("1a", "0123456789abcdef0123456789abcdef", "2024-02-29", "2023-02-29", "2024-2-1")
_NAMES = ("a..b", "A", "1a", "a_b")
_FORMATS = {
    "dns1123Label": ("a", *_PLAIN),
    "dns1123LabelPrefix": ("a", "a-", *_PLAIN),
    "dns1123Subdomain": ("a", "a.b", "1a", "a" * 64, *_PLAIN[1:]),
    "dns1123SubdomainPrefix": ("a", "a-", "a.b", "1a", "a" * 64, *_PLAIN[1:]),
    "dns1035Label": ("a",),
    "dns1035LabelPrefix": ("a", "a-"),
    "qualifiedName": ("a", "a.b", *_NAMES, "a/b", _PLAIN[1], "YQ", *_PLAIN[2:]),
    "labelValue": ("", "a", "a.b", *_NAMES, _PLAIN[1], "YQ", *_PLAIN[2:]),
    "uuid": (_PLAIN[1],),
    "byte": ("a" * 64, _PLAIN[1], "YQ=="),
    "date": ("2024-02-29",),
    "datetime": ("2024-02-29T23:59:59Z", "2024-02-29t00:00:00.5+01:00"),
}
"""Of the texts above those that are written so."""

LIBRARIES = (
    f"quantity({_WEB}.resources.requests.cpu).isLessThan(quantity('300m'))",
    f"quantity({_WEB}.resources.limits.memory).isGreaterThan(quantity('1Gi'))",
    "quantity('1.5Gi').compareTo(quantity('1536Mi')) == 0 && quantity('1k') == quantity('1000')",
    "quantity('50k').add(quantity('20k')) == quantity('70k') && quantity('50k').sub(20000) == quantity('30k')",
    "sign(quantity('-1')) == -1 && sign(quantity('0')) == 0",
    "quantity('1.5').isInteger() || quantity('2').asInteger() != 2",
    "quantity('1.5').asInteger() == 1",
    "quantity('1500m').asApproximateFloat() == 1.5",
    "quantity('200K') == quantity('1')",
    "isQuantity('1.3Gi') && isQuantity('1e3') && isQuantity('.5') && !isQuantity('1,3G') && !isQuantity('Mi')",
    "isQuantity('Mi') && isQuantity('-') && isQuantity('e5') && isQuantity('1.')",
    "isQuantity(' 1') || isQuantity('1 ') || isQuantity('') || isQuantity('1Kib') || isQuantity('1e')",
    "semver(object.metadata.annotations.version).isGreaterThan(semver('1.9.9'))",
    "semver('1.0.0-alpha.1').isLessThan(semver('1.0.0-alpha.beta'))",
    "semver('1.0.0-2').compareTo(semver('1.0.0-10')) == -1",
    "semver('1.2.3').major() == 1 && semver('1.2.3').minor() == 2 && semver('1.2.3').patch() == 3",
    "isSemver('1.0.0+build') && !isSemver('1.0') && !isSemver('v1.0.0') && !isSemver('01.0.0') && isSemver('v1', true)",
    "semver('01.02', true) == semver('1.2.0') && semver('v1-rc.1', true) == semver('1.0.0-rc.1')",
    "semver('1.0.0+a') == semver('1.0.0+b')",
    "semver('x').major() == 1",
    f"ip({_WEB}.env[0].value).family() == 4 && cidr({_WEB}.env[1].value).containsIP({_WEB}.env[0].value)",
    "isIP('::1') && !isIP('127.0.0.256') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0') && !isIP('010.0.0.1')",
    "ip.isCanonical('2001:db8::abcd') && !ip.isCanonical('2001:DB8::ABCD')",
    "ip.isCanonical('x')",
    "ip('127.0.0.1').isLoopback() && ip('::1').isLoopback() && ip('0.0.0.0').isUnspecified()",
    "ip('224.0.0.1').isLinkLocalMulticast()",
    "!ip('224.0.1.1').isLinkLocalMulticast() && ip('ff02::1').isLinkLocalMulticast()",
    "ip('169.254.169.254').isLinkLocalUnicast() && ip('fe80::1').isLinkLocalUnicast()",
    "ip('192.168.0.1').isGlobalUnicast()",
    "!ip('255.255.255.255').isGlobalUnicast() && !ip('ff00::1').isGlobalUnicast()",
    "ip('10.0.0.1') == ip('10.0.0.1') && ip('10.0.0.1') != ip('10.0.0.2')",
    "ip('nonsense').family() == 4",
    "isCIDR('10.0.0.0/8') && isCIDR('::1/128')",
    "!isCIDR('10.0.0.0/33') && !isCIDR('10.0.0.0') && isCIDR('10.0.0.1/8')",
    "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1')) && !cidr('192.168.0.0/24').containsIP('192.168.1.1')",
    "cidr('192.168.0.0/16').containsCIDR('192.168.10.0/24')",
    "!cidr('192.168.1.0/24').containsCIDR(cidr('192.168.0.0/16'))",
    "cidr('192.168.0.1/24').ip() == ip('192.168.0.1') && cidr('192.168.0.1/24').masked() == cidr('192.168.0.0/24')",
    "cidr('192.168.0.1/24') == cidr('192.168.0.1/24').masked() || cidr('::/64').prefixLength() != 64",
    "cidr('10.0.0.0/8').containsIP('::1')",
    f"{_URL}.getScheme() == 'https' && {_URL}.getHost() == 'example.com:8443' && {_URL}.getHostname() == 'example.com'",
    f"{_URL}.getPort() == '8443' && {_URL}.getEscapedPath() == '/a%20b/c' && {_URL}.getQuery()['k2'] == ['b', 'c']",
    "isURL('https://example.com/') && isURL('/path') && !isURL('https://a:b:c/') && !isURL('../x') && !isURL('')",
    "isURL('http://exa mple.com/') || isURL('http://[::1/') || isURL('http://x/%zz') || isURL('http://x:port/')",
    "url('https://[::1]:80/').getHost() == '[::1]:80' && url('https://[::1]/').getHostname() == '::1'",
    "url('/path?x=1').getHost() == '' && url('/path with space').getEscapedPath() == '/path%20with%20space'",
    "url('https://example.com').getEscapedPath() == '' && url('https://example.com/?').getQuery() == {}",
    "string(ip('10.0.0.1')) == '10.0.0.1'",
    *(
        f"{_FORMATTED}.filter(text, !format.{name}().validate(text).hasValue()) == {list(right)}"
        for name, right in _FORMATS.items()
    ),
    "format.dns1123Label().validate('a.b').value() == ['must not contain dots']",
    "format.labelValue().validate('-').value()[0].startsWith('a valid label must be an empty string or consist of')",
    "format.qualifiedName().validate('/A_').value()[0] == 'prefix part must be non-empty'",
    "format.dns1035Label().validate(object.metadata.name + '.').orValue(['']).join(',').endsWith(\"[a-z0-9])?')\")",
    "format.named('uuid').value().validate('x').hasValue() && format . byte( ).validate((' ')).hasValue()",
    "format.named('uri').value().validate('/x').hasValue()",
    "format.uri().validate('/x').hasValue()",
    "authorizer.group('').resource('pods').check('get').allowed()",
    "request.userInfo.username == 'admin'",
    "has(request.userInfo) && request.dryRun",
    "namespaceObject.metadata.name == 'somewhere'",
    "variables.first == 'web' && variables.both.size() == 2",
    "variables.optional.hasValue() && variables.optional.value() == 'shop'",
    "variables.broken == 1",
    "true || variables.broken == 1",
    "variables.none.orValue('x') == 'x'",
)

VARIABLES = (
    ("first", f"{_POD}.containers[0].name"),
    ("both", f"[variables.first, {_POD}.containers[1].name]"),
    ("optional", "object.metadata.?labels[?'team.example.com/name']"),
    ("none", "object.metadata.?labels[?'nothing'] // 'comment'"),
    ("broken", "object.spec.nothing.deeper"),
)

EXPRESSIONS = {"language": LANGUAGE, "texts": TEXTS, "lists": LISTS, "libraries": LIBRARIES}

REFUSED = frozenset(
    {
        "object.spec.paused",
        "object.spec.replicas",
        "int('12') == 12 && int('x') == 12",
        "{'a': 1} == {'a': 1.0}",
        "'abc'.find('(') == ''",
        "'%d'.format(['x']) == 'x'",
        "[1, 2].includes(2)",
        "quantity('-1').sign() == -1 && quantity('0').sign() == 0",
    }
)
"""What the API server does not even take for a policy's expression."""

NOT_EVALUATED = frozenset(
    {
        "{'a': 1, 'b': 2}.transformMap(k, v, v * 2) == {'a': 2, 'b': 4}",
        "'%x %X %o %b %e'.format([255, 'hi', 8, 5, 1052.032911]) == 'ff 6869 10 101 1.052033e+03'",
        "string(ip('10.0.0.1')) == '10.0.0.1'",
        "format.named('uri').value().validate('/x').hasValue()",
        "format.uri().validate('/x').hasValue()",
        "authorizer.group('').resource('pods').check('get').allowed()",
        "request.userInfo.username == 'admin'",
        "has(request.userInfo) && request.dryRun",
        "namespaceObject.metadata.name == 'somewhere'",
    }
)
"""What we say of ourselves that we cannot judge."""
