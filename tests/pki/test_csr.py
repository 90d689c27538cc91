from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from hypothesis import given
from hypothesis import strategies as st

from pki import der
from pki.csr import AcceptedRequest, GateContext, RefusedRequest, examine_csr
from pki.csr.findings import Verdict
from pki.keygate import KeyRecords, spki_sha256
from pki.keys import spki_of
from pki.names import NameAttribute, Subject
from pki.profiles import PROFILES
from tests import request_rig as rig

if TYPE_CHECKING:
    from collections.abc import Callable

    from pki.csr import Finding
    from pki.profiles import Profile

TLS = PROFILES["tls_multi_domain"]
SEAL = PROFILES["agency_non_card_signature"]
CIPHER = PROFILES["agency_non_card_encipherment"]


def refused(data: bytes, profile: Profile = SEAL, context: GateContext | None = None) -> list[str]:
    result = examine_csr(data, profile, context)
    assert isinstance(result, RefusedRequest)
    return list(result.codes)


def accepted(data: bytes, profile: Profile = SEAL, context: GateContext | None = None) -> AcceptedRequest:
    result = examine_csr(data, profile, context)
    assert isinstance(result, AcceptedRequest), result
    return result


def remarks(result: AcceptedRequest) -> list[str]:
    return [remark.code for remark in result.remarks]


SOUND = rig.request()


@pytest.mark.parametrize(
    "file",
    [
        SOUND,
        rig.pem(SOUND).encode(),
        rig.pem(SOUND, "NEW CERTIFICATE REQUEST").encode(),
        rig.pem(SOUND, newline="\r\n").encode(),
        b"\xef\xbb\xbf" + rig.pem(SOUND).encode(),
        ("\ufeff" + rig.pem(SOUND)).encode("utf-16-le"),
        ("\ufeff" + rig.pem(SOUND)).encode("utf-16-be"),
        "您好，附上憑證請求檔：\n\n".encode() + rig.pem(SOUND).encode() + "謝謝。".encode(),
        rig.pem(SOUND).replace("-----\n", "-----\nX-Tool: keytool\n\n", 1).encode(),
        rig.pem(SOUND).replace("\n", " \n  ").encode(),
    ],
)
def test_a_request_is_found_in_a_file_of_any_tool(file: bytes) -> None:
    assert accepted(file).request_der == SOUND


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (b"", "csr.empty"),
        (b" \r\n", "csr.empty"),
        (b"\x30" * 70_000, "csr.too_large"),
        (b"hello", "csr.unreadable"),
        (SOUND[:-1], "csr.unreadable"),
        (SOUND + b"\x00", "csr.unreadable"),
        (rig.pem(SOUND).replace("M", "*", 1).encode(), "csr.unreadable"),
        (rig.pem(SOUND, "PGP MESSAGE").encode(), "csr.unreadable"),
        (rig.pem(SOUND).replace("END", "STOP").encode(), "csr.unreadable"),
        ((rig.pem(SOUND) * 2).encode(), "csr.several"),
        (rig.pem(b"\x30\x00", "CERTIFICATE").encode(), "csr.certificate"),
        (der.sequence(der.null(), der.sequence(), der.bit_string(b"")), "csr.unreadable"),
        (der.sequence(der.sequence(), der.sequence(), der.bit_string(b"")), "csr.unreadable"),
    ],
)
def test_a_file_without_one_request_is_refused_for_what_it_is(file: bytes, code: str) -> None:
    assert refused(file) == [code]


def test_a_certificate_in_der_is_not_taken_for_a_request(
    world: object, an_order: Callable[..., object]
) -> None:
    certificate = world.issue(an_order())  # type: ignore[attr-defined]  # the World of the fixtures
    assert refused(certificate) == ["csr.certificate"]


@pytest.mark.parametrize("form", ["PKCS8", "TraditionalOpenSSL"])
@pytest.mark.parametrize("encoding", ["PEM", "DER"])
@pytest.mark.parametrize("key", [rig.rsa_key(), ec.generate_private_key(ec.SECP256R1())])
def test_a_private_key_is_refused_with_a_warning(
    form: str, encoding: str, key: ec.EllipticCurvePrivateKey
) -> None:
    secret = key.private_bytes(
        getattr(serialization.Encoding, encoding),
        getattr(serialization.PrivateFormat, form),
        serialization.NoEncryption(),
    )
    assert refused(secret) == ["csr.private_key"]


def test_a_private_key_beside_the_request_is_refused_as_well() -> None:
    secret = rig.rsa_key().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert refused(rig.pem(SOUND).encode() + secret) == ["csr.private_key"]


def test_an_encrypted_private_key_is_refused_with_a_warning() -> None:
    secret = rig.rsa_key().private_bytes(
        serialization.Encoding.DER,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    assert refused(secret) == ["csr.private_key"]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_a_curve_is_taken_to_sign_and_refused_to_encipher(
    curve: ec.EllipticCurve, digest: hashes.HashAlgorithm
) -> None:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    made = builder.sign(ec.generate_private_key(curve), digest).public_bytes(serialization.Encoding.DER)
    assert accepted(made, SEAL)
    assert refused(made, CIPHER) == ["key.kind"]


@pytest.mark.rule("RV2-11")
def test_a_request_signed_by_another_key_proves_nothing() -> None:
    spki = spki_of(rig.rsa_key(3072).public_key())
    assert refused(rig.request(spki=spki)) == ["csr.possession"]
    assert refused(rig.request(signature=b"\x00" * 256)) == ["csr.possession"]
    assert refused(rig.request(algorithm=rig.ECDSA_WITH_SHA256)) == ["csr.possession"]


@pytest.mark.parametrize(
    ("oid", "code"),
    [
        ("1.2.840.113549.1.1.5", "csr.weak_hash"),
        ("1.2.840.113549.1.1.4", "csr.weak_hash"),
        ("1.2.840.10045.4.1", "csr.weak_hash"),
        ("1.2.840.113549.1.1.10", "csr.signature_algorithm"),
        ("1.3.101.112", "csr.signature_algorithm"),
    ],
)
def test_a_request_under_another_algorithm_is_refused_with_advice(oid: str, code: str) -> None:
    assert refused(rig.request(algorithm=der.sequence(der.oid(oid)))) == [code]


def test_a_key_of_another_kind_is_refused() -> None:
    spki = ed25519.Ed25519PrivateKey.generate().public_key()
    encoded = spki.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert "key.kind" in refused(rig.request(spki=encoded))


@pytest.mark.rule("RV2-07")
def test_a_short_key_is_refused_for_its_length_alone() -> None:
    assert refused(rig.request(key=rig.rsa_key(1024))) == ["key.too_short"]


@pytest.mark.parametrize("name", ["roca", "close_primes", "small_factor"])
def test_a_weak_modulus_is_named(name: str, vectors: Callable[[str], dict[str, bytes]]) -> None:
    modulus = int.from_bytes(vectors("bad_rsa_moduli.txt")[name], "big")
    key = der.sequence(der.integer(modulus), der.integer(65537))
    algorithm = der.sequence(der.oid("1.2.840.113549.1.1.1"), der.null())
    spki = der.sequence(algorithm, der.bit_string(key))
    assert refused(rig.request(spki=spki)) == [f"key.{name}", "csr.possession"]


@pytest.mark.rule("CSR-04")
def test_a_key_certified_before_by_any_authority_is_refused_in_the_words_of_the_site() -> None:
    digest = spki_sha256(spki_of(rig.rsa_key().public_key()))
    result = examine_csr(SOUND, SEAL, GateContext(KeyRecords(used=frozenset({digest}))))
    assert isinstance(result, RefusedRequest)
    assert result.codes == ("key.used",)
    assert "CSR已被使用、金鑰重複請更換或案件流水號重複" in result.refusals[0].zh


def test_a_compromised_key_is_refused() -> None:
    digest = spki_sha256(spki_of(rig.rsa_key().public_key()))
    assert refused(SOUND, SEAL, GateContext(KeyRecords(compromised={digest}))) == ["key.compromised"]


def test_a_key_in_another_encoding_does_not_slip_past_the_records() -> None:
    numbers = rig.rsa_key().public_key().public_numbers()
    body = der.bit_string(der.sequence(der.integer(numbers.n), der.integer(numbers.e)))
    bare = der.sequence(der.sequence(der.oid("1.2.840.113549.1.1.1")), body)
    assert "key.encoding" in refused(rig.request(spki=bare))
    point = ec.generate_private_key(ec.SECP256R1())
    compressed = point.public_key().public_bytes(
        serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint
    )
    algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid("1.2.840.10045.3.1.7"))
    spki = der.sequence(algorithm, der.bit_string(compressed))
    assert refused(rig.request(key=point, spki=spki)) == ["key.encoding"]


@pytest.mark.parametrize("profile", ["school_signature", "mobile_natural_person_signature", "ocsp_responder"])
def test_keys_of_cards_phones_and_responders_never_come_by_request(profile: str) -> None:
    assert "csr.not_by_request" in refused(SOUND, PROFILES[profile])


def test_a_request_of_another_version_is_refused() -> None:
    assert refused(rig.request(version=der.integer(1))) == ["csr.version"]


def test_all_that_is_wrong_is_told_at_once() -> None:
    made = rig.request(
        rig.name(("C", "JP"), ("CN", "*.example.gov.tw")),
        (rig.extension_request(rig.alternative_names("a_b.tw", "gov.tw")),),
        key=rig.rsa_key(1024),
        version=der.integer(3),
    )
    assert refused(made, TLS) == [
        "csr.version",
        "key.too_short",
        "csr.name_country",
        "csr.wildcard",
        "csr.domain_underscore",
        "csr.domain_public_suffix",
    ]


@pytest.mark.rule("CSR-06")
@pytest.mark.parametrize(
    ("domain", "code"),
    [
        ("*.example.gov.tw", "csr.wildcard"),
        ("www.*.gov.tw", "csr.wildcard"),
        ("10.0.0.1", "csr.ip_address"),
        ("10.0.0.999", "csr.ip_address"),
        ("2001:db8::1", "csr.ip_address"),
        ("[2001:db8::1]", "csr.ip_address"),
        ("https://a.gov.tw", "csr.domain_url"),
        ("a.gov.tw:443", "csr.domain_url"),
        ("a.gov.tw/x", "csr.domain_url"),
        ("me@a.gov.tw", "csr.domain_url"),
        ("a b.gov.tw", "csr.domain_url"),
        ("a_b.gov.tw", "csr.domain_underscore"),
        ("a.gov.tw.", "csr.domain_trailing_dot"),
        ("a" * 64 + ".gov.tw", "csr.domain_length"),
        ("a." * 124 + "gov.tw", "csr.domain_length"),
        ("a..gov.tw", "csr.domain_characters"),
        (".gov.tw", "csr.domain_characters"),
        ("-a.gov.tw", "csr.domain_characters"),
        ("a-.gov.tw", "csr.domain_characters"),
        ("a\x00.gov.tw", "csr.domain_characters"),
        ("", "csr.domain_characters"),
        ("xn--abc.gov.tw", "csr.domain_idna"),
        ("ab--c.gov.tw", "csr.domain_idna"),
        ("☃\u200d.tw", "csr.domain_idna"),
        ("localhost", "csr.domain_internal"),
        ("intranet", "csr.domain_internal"),
        ("server.local", "csr.domain_internal"),
        ("www.example", "csr.domain_internal"),
        ("www.nosuchtoplevel", "csr.domain_internal"),
        ("tw", "csr.domain_internal"),
        ("gov.tw", "csr.domain_public_suffix"),
        ("GOV.TW", "csr.domain_public_suffix"),
        ("com.tw", "csr.domain_public_suffix"),
    ],
)
def test_a_name_that_is_no_public_domain_is_refused_with_advice(domain: str, code: str) -> None:
    result = examine_csr(rig.for_domains(domain), TLS)
    assert isinstance(result, RefusedRequest)
    assert result.codes == (code,)
    assert all(finding.zh and finding.en for finding in result.refusals)


def test_an_address_as_such_is_refused() -> None:
    names = rig.alternative_names(addresses=(b"\x0a\x00\x00\x01", b"\x00" * 16, b"xyz"))
    assert refused(rig.request(attributes=(rig.extension_request(names),)), TLS) == ["csr.ip_address"] * 3


def test_domains_are_gathered_once_in_lower_case_with_the_common_name_first() -> None:
    result = accepted(rig.for_domains("b.example.gov.tw", "WWW.EXAMPLE.gov.tw", "B.example.gov.tw"), TLS)
    assert result.domains == ("www.example.gov.tw", "b.example.gov.tw")
    assert remarks(result) == ["csr.remark.domain_repeated"]


def test_an_international_domain_is_converted_and_said_so() -> None:
    result = accepted(rig.for_domains("網站.台灣".encode(), common_name=None), TLS)
    assert result.domains == ("xn--5tz61d.xn--kpry57d",)
    assert remarks(result) == ["csr.remark.domain_converted"]
    again = accepted(rig.for_domains(result.domains[0], common_name=None), TLS)
    assert again.domains == result.domains


def test_a_request_without_any_domain_is_refused() -> None:
    assert refused(rig.request(rig.name(("CN", "環境部 網站"))), TLS) == ["csr.domain_missing"]
    assert refused(rig.request(rig.name()), TLS) == ["csr.domain_missing"]


def test_two_domains_need_the_profile_for_several() -> None:
    made = rig.for_domains("b.example.gov.tw")
    assert refused(made, PROFILES["tls_single_domain"]) == ["csr.domain_count"]
    assert accepted(made, TLS)
    assert accepted(rig.for_domains(rig.DOMAIN), PROFILES["tls_single_domain"]).domains == (rig.DOMAIN,)


def test_a_hundred_and_one_domains_are_too_many() -> None:
    names = [f"a{number}.example.gov.tw" for number in range(101)]
    assert refused(rig.for_domains(*names, common_name=None), TLS) == ["csr.domain_count"]
    assert len(accepted(rig.for_domains(*names[:100], common_name=None), TLS).domains) == 100


def test_the_common_name_is_the_first_domain_that_it_has_room_for() -> None:
    long = f"{'a' * 40}.{'b' * 20}.example.gov.tw"
    assert accepted(rig.for_domains(long, rig.DOMAIN, common_name=None), TLS).domains == (rig.DOMAIN, long)
    just = f"{'a' * 49}.example.gov.tw"
    assert len(just) == 64
    assert accepted(rig.for_domains(long, just, rig.DOMAIN, common_name=None), TLS).domains[0] == just


def test_domains_that_are_all_too_long_for_a_common_name_are_refused_with_advice() -> None:
    long = f"{'a' * 50}.example.gov.tw"
    assert len(long) == 65
    assert refused(rig.for_domains(long, common_name=None), TLS) == ["csr.common_name_length"]
    by_application = GateContext(domains=(long,))
    assert refused(rig.request(rig.name()), TLS, by_application) == ["csr.common_name_length"]


def test_only_domains_of_the_application_are_certified() -> None:
    context = GateContext(domains=("a.example.gov.tw", rig.DOMAIN))
    assert refused(rig.for_domains("c.example.gov.tw"), TLS, context) == ["csr.domain_not_applied"]
    assert accepted(rig.for_domains(), TLS, context).domains == (rig.DOMAIN, "a.example.gov.tw")
    bare = accepted(rig.request(rig.name()), TLS, context)
    assert bare.domains == ("a.example.gov.tw", rig.DOMAIN)


def test_domains_in_a_request_that_is_for_no_server_are_remarked_on() -> None:
    assert remarks(accepted(rig.for_domains("b.example.gov.tw"))) == ["csr.remark.alternative_ignored"]


EVIL = (
    rig.attribute("1.2.840.113549.1.9.7", der.tlv(rig.UTF8, b"hunter2-geheim")),
    rig.attribute("1.3.6.1.4.1.311.13.2.3", der.null()),
    rig.extension_request(
        rig.extension("2.5.29.19", der.sequence(der.boolean(value=True)), critical=True),
        rig.extension("2.5.29.15", der.bit_string(b"\x06"), critical=True),
        rig.extension("1.2.3.4", b"", critical=True),
        rig.extension("2.5.29.30", b"junk"),
    ),
)


def test_what_a_request_wishes_for_is_ignored_and_remarked_on() -> None:
    result = accepted(rig.request(attributes=EVIL))
    assert set(remarks(result)) == {
        "csr.remark.challenge_password",
        "csr.remark.attribute_ignored",
        "csr.remark.ca_ignored",
        "csr.remark.extension_ignored",
    }
    assert "hunter2" not in repr(result.remarks)


def test_unreadable_wishes_stop_a_server_and_nobody_else() -> None:
    broken = (rig.attribute("1.2.840.113549.1.9.14", der.null()),)
    assert refused(rig.request(attributes=broken), TLS) == ["csr.extensions"]
    assert accepted(rig.request(attributes=broken), SEAL)


def test_a_request_without_attributes_is_read_as_some_tools_write_it() -> None:
    key = rig.rsa_key()
    info = der.sequence(der.integer(0), rig.name(), spki_of(key.public_key()))
    from cryptography.hazmat.primitives.asymmetric import padding

    signature = key.sign(info, padding.PKCS1v15(), hashes.SHA256())
    assert accepted(der.sequence(info, rig.SHA256_WITH_RSA, der.bit_string(signature)))


@pytest.mark.parametrize("tag", [rig.UTF8, rig.BMP])
@pytest.mark.parametrize("length", [22, 64])
def test_a_proposed_name_of_64_chinese_characters_is_read(tag: int, length: int) -> None:
    result = accepted(rig.request(rig.name(("O", "關" * length), tag=tag)))
    assert result.proposed == ((NameAttribute.ORGANISATION, "關" * length),)


def test_a_character_beyond_the_first_plane_counts_as_one() -> None:
    assert accepted(rig.request(rig.name(("O", "𠮷" * 64))))
    assert refused(rig.request(rig.name(("O", "𠮷" * 65)))) == ["csr.name_value"]


@pytest.mark.parametrize(
    ("subject", "code"),
    [
        (rig.name(("O", "")), "csr.name_value"),
        (rig.name(("O", "財\x00部")), "csr.name_value"),
        (rig.name(("C", "US")), "csr.name_country"),
        (der.sequence(der.null()), "csr.name_unreadable"),
        (der.sequence(der.set_of(der.sequence(der.oid("2.5.4.3"), der.null()))), "csr.name_unreadable"),
        (
            der.sequence(der.set_of(der.sequence(der.oid("2.5.4.3"), der.tlv(rig.UTF8, b"\xff")))),
            "csr.name_unreadable",
        ),
    ],
)
def test_a_proposed_name_that_no_certificate_could_carry_is_refused(subject: bytes, code: str) -> None:
    assert refused(rig.request(subject)) == [code]


def test_attributes_that_our_names_do_not_have_are_remarked_on() -> None:
    subject = rig.name(("C", "TW"), ("ST", "Taiwan"), ("emailAddress", "a@b.tw"), ("CN", "環境部"))
    result = accepted(rig.request(subject))
    assert [remark.place for remark in result.remarks] == ["ST", "emailAddress"]


def test_the_name_of_the_register_is_judged_by_the_profile() -> None:
    context = GateContext(subject=Subject(organisation="關" * 65, country="JP"))
    assert refused(SOUND, TLS, context) == ["csr.name.missing", "csr.name.country", "csr.name_value"]
    sound = Subject(organisation="行政院", units=("環境部",), common_name=rig.DOMAIN)
    assert accepted(SOUND, TLS, GateContext(subject=sound))


def test_an_accepted_request_becomes_a_certificate(world: object, an_order: Callable[..., object]) -> None:
    result = accepted(rig.for_domains("b.example.gov.tw"), TLS)
    subject = Subject(organisation="行政院", units=("環境部",), common_name=result.domains[0])
    order = replace(
        an_order("tls_multi_domain", subject),  # type: ignore[type-var]  # an order is a dataclass
        spki_der=result.spki_der,
        domains=result.domains,
    )
    loaded = x509.load_der_x509_certificate(world.issue(order))  # type: ignore[attr-defined]  # the World
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert tuple(names.get_values_for_type(x509.DNSName)) == result.domains


def test_every_verdict_speaks_both_languages_and_has_a_code_of_its_own() -> None:
    assert len({verdict.code for verdict in Verdict}) == len(Verdict)
    for verdict in Verdict:
        finding: Finding = verdict.at("x")
        assert finding.zh.endswith("。")
        assert finding.en.endswith(".")
        assert ("{" in finding.zh) is False


def test_what_comes_out_of_a_request_is_shown_short_and_without_control_characters() -> None:
    finding = Verdict.WILDCARD.at("*\x1b[31m" + "a" * 200)
    assert finding.place.startswith("*�[31maaa")
    assert len(finding.place) == 81


@given(st.binary(max_size=300))
def test_random_bytes_are_refused_and_raise_nothing(data: bytes) -> None:
    assert isinstance(examine_csr(data, TLS), RefusedRequest)


@given(st.text(max_size=300))
def test_random_text_in_a_pem_block_is_refused_and_raises_nothing(text: str) -> None:
    block = f"-----BEGIN CERTIFICATE REQUEST-----\n{text}\n-----END CERTIFICATE REQUEST-----"
    assert isinstance(examine_csr(block.encode("utf-8", "surrogatepass"), TLS), RefusedRequest)
