"""One cause, one finding; universal files; what a finding says."""

from collections.abc import Callable

import msgspec

from seatrial.model.absence import Unknown
from seatrial.model.binary import BinaryFacts, BinaryFormat, GoBuildInfo, NeededSymbol
from seatrial.model.platform import Libc, Platform
from seatrial.rules import judge, undecided

Binary = Callable[..., BinaryFacts]
System = Callable[..., Platform]


def rules(facts: BinaryFacts, platform: Platform) -> list[str]:
    return [finding.rule for finding in judge(facts, platform)]


def test_a_file_of_another_machine_is_judged_no_further(binary: Binary, system: System) -> None:
    facts = binary("dynamic", goarch="arm64", executable_stack=True, libraries=("libpcap.so.1",))
    assert rules(facts, system()) == ["ST-IDENTITY-002"]


def test_an_old_world_system_is_the_only_finding(binary: Binary, system: System) -> None:
    facts = binary("loong", interpreter="/lib64/ld-linux-loongarch-lp64d.so.1", executable_stack=True)
    platform = system("loong", cannot_run=("old-world kernel",), kernel="4.19")
    found = judge(facts, platform)
    assert [finding.rule for finding in found] == ["ST-LOONG-001"]
    assert "old-world kernel" in {evidence.value for evidence in found[0].evidence}


def test_a_release_that_is_too_new_for_macos_is_one_finding_and_names_the_last(binary: Binary, system: System) -> None:
    found = judge(binary("macho"), system("macos", kernel="12.0"))
    assert [finding.rule for finding in found] == ["ST-GO-001"]
    assert found[0].remedy is not None
    assert "go1.26" in found[0].remedy.text


def test_a_glibc_program_on_musl_is_one_finding(binary: Binary, system: System) -> None:
    facts = binary("dynamic", imports=(NeededSymbol("res_search", "GLIBC_2.34", "libc.so.6"),))
    found = judge(facts, system("musl"))
    assert [finding.rule for finding in found] == ["ST-INTERP-001"]
    assert "not found" in found[0].message.text


def test_a_library_is_not_told_to_do_without_cgo(binary: Binary, system: System) -> None:
    """Go builds none without cgo, and under musl none of Go's loads, however it was built."""

    def remedies(facts: BinaryFacts, platform: Platform) -> dict[str, str]:
        return {one.rule: one.remedy.id for one in judge(facts, platform) if one.remedy is not None}

    asked = (NeededSymbol("pthread_create", "GLIBC_2.34", "libc.so.6"),)
    library = binary("library", imports=asked)
    assert remedies(library, system(libc=Libc("glibc", "2.28"))) == {
        "ST-LIBC-001": "rules.build-library-for-older-glibc"
    }
    assert remedies(library, system("musl")) == {"ST-INTERP-001": "rules.no-go-library-on-musl"}
    of_c = msgspec.structs.replace(library, go=Unknown("no Go build information"))
    assert remedies(of_c, system("musl")) == {"ST-INTERP-001": "rules.build-library-for-musl"}
    on_musl = remedies(binary("library", libc="musl", static_tls=True), system("musl"))
    assert on_musl["ST-TLS-001"] == on_musl["ST-MUSL-001"] == "rules.no-go-library-on-musl"


def test_of_a_universal_file_the_fitting_part_is_judged(binary: Binary, system: System) -> None:
    arm, intel = (
        binary("macho", goarch="arm64", minimum_os="14.0", code_signature=True),
        binary("macho", minimum_os="13.0"),
    )
    file = binary("macho", format=BinaryFormat.UNIVERSAL, goarch=Unknown("several"), members=(arm, intel))
    assert rules(file, system("macos")) == []
    assert rules(file, system("macos", goarch="arm64", features=("fp", "asimd"))) == ["ST-MACHO-001"]
    only_arm = msgspec.structs.replace(file, members=(arm,))
    assert rules(only_arm, system("macos")) == ["ST-IDENTITY-002"]


def test_each_symbol_is_named_with_its_version_and_library(binary: Binary, system: System) -> None:
    asked = (
        NeededSymbol("pthread_create", "GLIBC_2.34", "libc.so.6"),
        NeededSymbol("pow", "GLIBC_2.29", "libm.so.6"),
        NeededSymbol("malloc", "GLIBC_2.2.5", "libc.so.6"),
        NeededSymbol("odd", "GLIBC_ABI_DT_RELR", "libc.so.6"),
    )
    found = judge(binary("dynamic", imports=asked), system(libc=Libc("glibc", "2.28")))
    assert [finding.subject for finding in found] == ["GLIBC_2.29", "GLIBC_2.34"]
    assert [evidence.value for evidence in found[1].evidence] == ["pthread_create@GLIBC_2.34"]
    assert "pow of libm.so.6 need GLIBC_2.29" in found[0].message.text
    assert "libc.so.6" in found[1].message.text


def test_a_weak_need_is_a_warning(binary: Binary, system: System) -> None:
    weak = NeededSymbol("gettid", "GLIBC_2.30", "libc.so.6", weak=True, weak_version=True)
    strong = NeededSymbol("pthread_create", "GLIBC_2.34", "libc.so.6")
    found = judge(binary("dynamic", imports=(weak, strong)), system(libc=Libc("glibc", "2.28")))
    assert [(finding.subject, finding.severity) for finding in found] == [
        ("GLIBC_2.30", "warning"),
        ("GLIBC_2.34", "error"),
    ]


def test_many_symbols_are_counted_in_the_sentence_and_all_in_the_evidence(binary: Binary, system: System) -> None:
    asked = tuple(NeededSymbol(f"symbol_{number:02}", "GLIBC_2.34", "libc.so.6") for number in range(30))
    (found,) = judge(binary("dynamic", imports=asked), system(libc=Libc("glibc", "2.28")))
    assert "+26" in found.message.text
    assert len(found.evidence) == 30


def test_a_c_program_is_not_passed_as_a_go_program(binary: Binary, system: System) -> None:
    facts = binary(go=Unknown("no Go build information"))
    assert judge(facts, system()) == ()
    told = {reason.args["rule"] for reason in undecided(facts, system())}
    assert told == {"ST-GO-001", "ST-ISA-001", "ST-CGROUP-001"}


def test_a_port_that_upstream_never_had_is_told(binary: Binary, system: System) -> None:
    facts = binary(goarch="sw64", go=GoBuildInfo("go1.27.3"), segments=())
    assert rules(facts, system(goarch="sw64")) == ["ST-GO-002"]


def test_segments_that_keep_to_their_own_pages_are_a_warning(binary: Binary, system: System) -> None:
    (found,) = judge(binary(), system(page_size=65536)) or (None,)
    assert found is None
    facts = binary(segments=tuple(msgspec.structs.replace(part, align=0x1000) for part in binary().segments))
    (found,) = judge(facts, system(page_size=65536))
    assert (found.rule, found.severity, found.confidence) == ("ST-PAGE-001", "warning", "likely")
