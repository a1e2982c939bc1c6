"""Which URLs of users may be asked, however a private address is written, and what is excepted."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from batuta.clients.addresses import AllowList, check_url, is_public, literal, shown
from batuta.errors import InvalidRequest

NOBODY = AllowList()

PRIVATE = [
    "http://127.0.0.1/",
    "http://127.0.0.1:8000/hook",
    "http://127.255.255.254/",
    "http://127.1/",
    "http://127.0.1/",
    "http://0/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://017700000001/",
    "http://00000177.1/",
    "http://0177.0.0.1/",
    "http://0x7f000001/",
    "http://0X7F.1/",
    "http://0x7f.1/",
    "http://0x7f.0x0.0x0.0x1/",
    "http://127.0.0.1./",
    "http://127。0。0。1/",
    "http://①②⑦.⓪.⓪.①/",
    "http://\uff11\uff12\uff17.0.0.1/",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%00.example.com/",
    "http://localhost/",
    "http://LOCALHOST./",
    "http://db.localhost/",
    "http://ⓛⓞⓒⓐⓛⓗⓞⓢⓣ/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://172.31.255.255/",
    "http://192.168.0.1/",
    "http://192.168.257/",
    "http://3232235777/",
    "http://0xc0.0xa8.1.1/",
    "http://0300.0250.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://2852039166/",
    "http://0xa9fea9fe/",
    "http://[::ffff:169.254.169.254]/",
    "http://100.100.100.200/",
    "http://192.0.0.192/",
    "http://168.63.129.16/",
    "http://192.0.2.1/",
    "http://198.18.0.1/",
    "http://198.51.100.7/",
    "http://203.0.113.7/",
    "http://224.0.0.1/",
    "http://239.255.255.250/",
    "http://240.0.0.1/",
    "http://255.255.255.255/",
    "http://[::]/",
    "http://[::1]/",
    "https://[0:0:0:0:0:0:0:1]:8443/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[0:0:0:0:0:ffff:0a00:0001]/",
    "http://[::127.0.0.1]/",
    "http://[::ffff:0:127.0.0.1]/",
    "http://[64:ff9b::127.0.0.1]/",
    "http://[64:ff9b::a9fe:a9fe]/",
    "http://[64:ff9b:1::8.8.8.8]/",
    "http://[2002:7f00:1::]/",
    "http://[2002:c0a8:101::1]/",
    "http://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/",
    "http://[2001:db8::1]/",
    "http://[3fff::1]/",
    "http://[fd00:ec2::254]/",
    "http://[fc00::1]/",
    "http://[fe80::1]/",
    "http://[fe80::1%25eth0]/",
    "http://[fec0::1]/",
    "http://[ff02::1]/",
    "http://[5f00::1]/",
]

NO_URL_OF_THE_WEB = [
    "",
    "example.com",
    "//example.com/x",
    "http://",
    "http:///hook",
    "http:example.com",
    "file:///etc/passwd",
    "FILE:///etc/passwd",
    "gopher://example.com:6379/_FLUSHALL",
    "ftp://example.com/x",
    "dict://example.com:11211/stat",
    "ldap://example.com/",
    "ws://example.com/",
    "unix:///var/run/docker.sock",
    "javascript:alert(1)",
    "data:text/plain,x",
    " http://example.com/",
    "http://user:password@example.com/",
    "http://token@example.com/",
    "http://example.com@127.0.0.1/",
    "http://127.0.0.1\\@example.com/",
    "http://example.com\\@127.0.0.1/",
    "http://1.1.1.1 &@8.8.8.8# @9.9.9.9/",
    "http://exa mple.com/",
    "http://example.com\r\nHost: 127.0.0.1/",
    "http://example.com\x00/",
    "http://example.com\t/",
    "http://ex..ample.com/",
    "http://./",
    "http://example.com:0/",
    "http://example.com:65536/",
    "http://example.com:http/",
    "http://127.0.0.1:80:80/",
    "http://[::1/",
    "http://[::1]example.com/",
    "http://[v1.x]/",
    "http://256.256.256.256/",
    "http://1.2.3.4.5/",
    "http://4294967296/",
    "http://0x100000000/",
    "http://example.com/\ud800",
    "http://example.com/" + "x" * 2048,
]


@pytest.mark.parametrize("url", PRIVATE)
def test_a_private_address_is_refused_in_every_spelling(url: str) -> None:
    """At once, when the job is asked for; a name would be judged when it is connected to."""
    with pytest.raises(InvalidRequest):
        check_url(url, NOBODY)


@pytest.mark.parametrize("url", NO_URL_OF_THE_WEB)
def test_what_is_no_plain_web_address_is_refused(url: str) -> None:
    """Other schemes, credentials, names that two programs would read differently."""
    with pytest.raises(InvalidRequest) as refused:
        check_url(url, AllowList.of(["0.0.0.0/0", "::/0", "localhost"]))
    assert "password" not in refused.value.message.replace("user name or password", "")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://example.com", b"example.com"),
        ("HTTPS://Example.COM:8443/hook?a=b#c", b"example.com"),
        ("http://example.com./", b"example.com."),
        ("http://hook_1.example.com/", b"hook_1.example.com"),
        ("http://bücher.example/", b"xn--bcher-kva.example"),
        ("http://8.8.8.8:1/", b"8.8.8.8"),
        ("http://0x08080808/", b"0x08080808"),
        ("http://[2606:2800:21f:cb07:6820:80da:af6b:8b2c]/", b"2606:2800:21f:cb07:6820:80da:af6b:8b2c"),
        ("http://[64:ff9b::8.8.8.8]/", b"64:ff9b::8.8.8.8"),
        ("http://example.com#@127.0.0.1/", b"example.com"),
        ("http://127.0.0.1.example.com/", b"127.0.0.1.example.com"),
        ("http://notlocalhost/", b"notlocalhost"),
    ],
)
def test_public_addresses_and_names_pass(url: str, host: bytes) -> None:
    """And what comes back is what will be connected to."""
    assert check_url(url, NOBODY).raw_host == host


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:9000/"),
        ("127.0.0.1", "http://2130706433/"),
        ("127.0.0.1", "http://localhost/"),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/"),
        ("localhost", "http://localhost:9000/"),
        ("LocalHost.", "http://localhost/"),
        ("localhost", "http://127.0.0.1/"),
        ("localhost", "http://[::1]/"),
        ("192.168.0.0/16", "http://192.168.7.7/"),
        ("192.168.7.9/16", "http://192.168.7.7/"),
        ("fd00::/8", "http://[fd00::1]/"),
    ],
)
def test_the_operator_can_except_hosts_addresses_and_networks(entry: str, url: str) -> None:
    """What one entry permits, nothing else does."""
    check_url(url, AllowList.of(["10.9.9.9", entry]))
    with pytest.raises(InvalidRequest, match=r"not a public address.*BATUTA_URL_ALLOW"):
        check_url(url, AllowList.of(["10.9.9.9", "hooks.example"]))


def test_an_exception_is_no_larger_than_it_says() -> None:
    """A neighbour of an allowed address, and a name that only looks like an allowed one, stay out."""
    allow = AllowList.of(["192.168.7.0/24", "localhost", "hooks.example"])
    for address in ["192.168.8.1", "127.0.0.2", "::ffff:192.168.8.1", "10.0.0.1"]:
        assert not allow.permits(ip_address(address))
    assert allow.permits(ip_address("64:ff9b::192.168.7.1"))
    assert allow.permits_host("HOOKS.example.")
    assert not allow.permits_host("evil.hooks.example")
    assert not allow.permits_host("hooks.example.evil")


def test_names_of_an_allow_list_can_be_turned_into_their_addresses() -> None:
    """For a guard that sees only addresses; a name that nobody knows means none."""

    def look_up(host: str) -> tuple[ip_address, ...]:
        if host != "db.internal":
            raise OSError("unknown")
        return (ip_address("10.0.0.7"), ip_address("fe80::7%eth0"))

    allow = AllowList.of(["db.internal", "gone.internal"]).resolved(look_up)
    assert allow.permits(ip_address("10.0.0.7"))
    assert allow.permits(ip_address("fe80::7"))
    assert not allow.permits(ip_address("10.0.0.8"))


def test_public_is_what_anybody_could_reach() -> None:
    """The first and last addresses beside the private ranges are public; the ranges' own ends are not."""
    public = ["9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"]
    public += ["192.167.255.255", "192.169.0.0", "223.255.255.255", "2600::", "2a00::1", "2002:808:808::"]
    assert [address for address in public if not is_public(ip_address(address))] == []
    private = ["10.0.0.0", "10.255.255.255", "100.64.0.0", "100.127.255.255", "172.16.0.0", "172.31.255.255"]
    private += ["169.254.0.0", "224.0.0.0", "239.255.255.255", "1fff::1", "4000::1", "::", "2001:1ff:ffff::"]
    assert [address for address in private if is_public(ip_address(address))] == []


def test_only_numbers_are_literal_addresses() -> None:
    """What resolvers take for one is one; a name that begins with digits is not."""
    assert literal("0x7f.1") == literal("127.1") == literal("2130706433") == ip_address("127.0.0.1")
    assert literal("::1") == ip_address("::1")
    assert [literal(host) for host in ["face.b00c", "127.0.0.1.example.com", "1e100.net", "", "0x"]] == [
        None
    ] * 5


def test_credentials_may_be_allowed_but_are_never_shown() -> None:
    """Media URLs may have them; messages have neither them nor the query."""
    url = "https://user:pass@example.com/a?token=1#x"
    assert check_url(url, NOBODY, credentials=True).host == "example.com"
    assert shown(url) == "https://example.com/a"
    with pytest.raises(InvalidRequest, match=r"^https://example.com/a is given with"):
        check_url(url, NOBODY)
