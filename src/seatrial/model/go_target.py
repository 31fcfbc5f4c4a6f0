"""Go targets with their variant, in goreleaser's names (`linux_amd64_v1`, `linux_arm_7`, `linux_mipsle_softfloat`)."""

import msgspec

__all__ = ["VARIANT_AXES", "GoTarget"]

VARIANT_AXES: dict[str, str] = {
    "386": "GO386",
    "amd64": "GOAMD64",
    "arm": "GOARM",
    "arm64": "GOARM64",
    "mips": "GOMIPS",
    "mipsle": "GOMIPS",
    "mips64": "GOMIPS64",
    "mips64le": "GOMIPS64",
    "ppc64": "GOPPC64",
    "ppc64le": "GOPPC64",
    "riscv64": "GORISCV64",
}
"""GOARCH to the environment variable of its variant (`go help environment`). Others, such as loong64, have none."""


class GoTarget(msgspec.Struct, frozen=True, order=True):
    """GOOS, GOARCH and the value of the architecture's variant variable ("" where there is none, or the default)."""

    goos: str
    goarch: str
    variant: str = ""

    @property
    def name(self) -> str:
        """Goreleaser's name, for example `linux_amd64_v1`."""
        return "_".join(part for part in (self.goos, self.goarch, self.variant) if part)

    @property
    def port(self) -> str:
        """The port of Go, for example `linux/amd64`."""
        return f"{self.goos}/{self.goarch}"

    def environment(self) -> dict[str, str]:
        """GOOS, GOARCH and, where set, the variant's variable."""
        env = {"GOOS": self.goos, "GOARCH": self.goarch}
        if self.variant:
            env[VARIANT_AXES[self.goarch]] = self.variant
        return env
