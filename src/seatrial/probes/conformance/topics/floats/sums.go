package floats

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"hash/adler32"
	"hash/crc32"
	"hash/crc64"
	"hash/maphash"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/md5",
		Contract: "MD5 gives the digests of RFC 1321 and of another implementation, at every length and however it is fed.",
		Source:   "RFC 1321, A.5; Go crypto/md5/md5block_<arch>.s; chain computed with OpenSSL",
		Breaks:   "Checksums of downloads and object stores (ETag) do not agree.",
		Run: func(t *suite.T) {
			hashes(t, md5.New, "900150983cd24fb0d6963f7d28e17f72", chains["md5"])
		},
	}, suite.Case{
		ID:       "floats/sha1",
		Contract: "SHA-1 gives the digests of FIPS 180-4 and of another implementation, at every length and however it is fed.",
		Source:   "FIPS 180-4; Go crypto/sha1/sha1block_<arch>.s (AVX2, SHA, CPACF); chain computed with OpenSSL",
		Breaks:   "Git finds every object corrupt; WebSocket handshakes fail.",
		Run: func(t *suite.T) {
			hashes(t, sha1.New, "a9993e364706816aba3e25717850c26c9cd0d89d", chains["sha1"])
		},
	}, suite.Case{
		ID:       "floats/sha256",
		Contract: "SHA-256 gives the digests of FIPS 180-4 and of another implementation, at every length and however it is fed.",
		Source:   "FIPS 180-4; Go crypto/internal/fips140/sha256/sha256block_<arch>.s; chain computed with OpenSSL",
		Breaks:   "TLS, signatures, module checksums (go.sum) and container images all fail.",
		Run: func(t *suite.T) {
			hashes(t, sha256.New, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", chains["sha256"])
		},
	}, suite.Case{
		ID:       "floats/sha512",
		Contract: "SHA-512 gives the digests of FIPS 180-4 and of another implementation, at every length and however it is fed.",
		Source:   "FIPS 180-4; Go crypto/internal/fips140/sha512/sha512block_<arch>.s; chain computed with OpenSSL",
		Breaks:   "Ed25519 and certificates signed with SHA-384 fail.",
		Run: func(t *suite.T) {
			hashes(t, sha512.New, "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"+
				"2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f", chains["sha512"])
		},
	}, suite.Case{
		ID:       "floats/sha3",
		Contract: "SHA3-256 gives the digests of FIPS 202 and of another implementation, at every length and however it is fed.",
		Source:   "FIPS 202; Go crypto/internal/fips140/sha3/keccakf_<arch>.s; chain computed with OpenSSL",
		Breaks:   "Post-quantum key exchange (ML-KEM, on by default in TLS) fails.",
		Run: func(t *suite.T) {
			hashes(t, func() hash.Hash { return sha3.New256() }, "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532", chains["sha3"])
		},
	}, suite.Case{
		ID:       "floats/hmac",
		Contract: "HMAC-SHA-256 gives the answers of RFC 4231.",
		Source:   "RFC 4231, 4.3 and 4.7",
		Breaks:   "Tokens (JWT), signed requests and cookies are refused.",
		Run:      hmacAnswers,
	}, suite.Case{
		ID:       "floats/crc32",
		Contract: "CRC-32 with the IEEE and Castagnoli polynomials is what shifting bit by bit gives, at every alignment and length.",
		Source:   "Go hash/crc32/crc32_<arch>.s (PCLMULQDQ, CRC32, VGFM, VPMSUM); RFC 3720, B.4",
		Breaks:   "zip, gzip, PNG and storage formats call good data corrupt.",
		Run:      crc32s,
	}, suite.Case{
		ID:       "floats/crc64-and-adler32",
		Contract: "CRC-64 (ISO, ECMA) and Adler-32 are what their definitions give, at every length.",
		Source:   "Go hash/crc64 (slicing by 8), hash/adler32; RFC 1950, 9",
		Breaks:   "xz and zlib streams are called corrupt.",
		Run:      otherSums,
	}, suite.Case{
		ID:       "floats/map-hash",
		Contract: "The hash of a string depends on its bytes and the seed only, not on where it lies, and on every byte.",
		Source:   "package hash/maphash; Go runtime/asm_<arch>.s, aeshash; runtime/hash64.go",
		Breaks:   "Maps lose keys that they have.",
		Run:      mapHash,
	})
}

// chains are the digests of the digests of 301 messages, made by another implementation.
var chains = map[string]string{
	"md5":    "a9cf41e638496a4d8f14abe6ae258128",
	"sha1":   "e570432b09ac39935ad256f819b381ba3900dbbd",
	"sha256": "60d63ff40b5558727a9b786ac0be9300f7ca58fd9ddd3b2f3681b369018a87dc",
	"sha512": "e1f2f7d5d8fc48db06ec2a0eed639593f549caffa40245747258761214a3ec07134903fde52ace6cfae161a82097ba01f33a97d48dd6a80d4521d96d7401357e",
	"sha3":   "69fd44e84eaa578a3fbe34556c6fb7edc16373be06260aadfb158090326efefd",
}

// fed is what goes into the assembly. The fault: a bit of a block is wrong.
func fed(b []byte) []byte {
	if suite.Planted("floats-block-bit") && len(b) > 0 {
		b = bytes.Clone(b)
		b[len(b)-1] ^= 4
	}
	return b
}

func hashes(t *suite.T, fresh func() hash.Hash, ofABC, chain string) {
	one := fresh()
	one.Write(fed([]byte("abc")))
	if got := hex.EncodeToString(one.Sum(nil)); got != ofABC {
		t.Errorf("the digest of \"abc\" is %s, expected %s", got, ofABC)
	}
	all := fresh()
	for length := range 301 {
		buffer := make([]byte, length+8)
		message := buffer[length%8:][:length]
		for i := range message {
			message[i] = byte(i*7 + length)
		}
		message = fed(message)
		whole, parts := fresh(), fresh()
		whole.Write(message)
		digest := whole.Sum(nil)
		all.Write(digest)
		cut := length * 3 / 7
		parts.Write(message[:cut])
		parts.Sum(nil)
		parts.Write(message[cut:])
		if got := parts.Sum(nil); !bytes.Equal(got, digest) {
			t.Fatalf("%d bytes have the digest %x, written in two parts (at %d) %x", length, digest, cut, got)
		}
	}
	if got := hex.EncodeToString(all.Sum(nil)); got != chain {
		t.Errorf("the digest of the digests of messages of 0 to 300 bytes is %s, expected %s", got, chain)
	}
}

func hmacAnswers(t *suite.T) {
	for _, one := range []struct{ key, text, want string }{
		{"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
		{
			string(bytes.Repeat([]byte{0xaa}, 131)), "Test Using Larger Than Block-Size Key - Hash Key First",
			"60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
		},
	} {
		mac := hmac.New(sha256.New, []byte(one.key))
		mac.Write(fed([]byte(one.text)))
		if got := hex.EncodeToString(mac.Sum(nil)); got != one.want {
			t.Errorf("the HMAC of %q is %s, expected %s", one.text, got, one.want)
		}
	}
}

// bitwise is a cyclic redundancy check of any width up to 64, reflected, bit by bit.
func bitwise(polynomial, all uint64, b []byte) uint64 {
	crc := all
	for _, c := range b {
		crc ^= uint64(c)
		for range 8 {
			crc = crc>>1 ^ polynomial&-(crc&1)
		}
	}
	return crc ^ all
}

func crc32s(t *suite.T) {
	numbers := stream(20)
	data := numbers.fill(make([]byte, 3000))
	castagnoli := crc32.MakeTable(crc32.Castagnoli)
	check := func(b []byte) {
		ieee, other := crc32.ChecksumIEEE(fed(b)), crc32.Checksum(fed(b), castagnoli)
		wantIEEE, want := bitwise(crc32.IEEE, 0xffffffff, b), bitwise(crc32.Castagnoli, 0xffffffff, b)
		if uint64(ieee) != wantIEEE || uint64(other) != want {
			t.Errorf("of %d bytes: IEEE %#x, expected %#x; Castagnoli %#x, expected %#x", len(b), ieee, wantIEEE, other, want)
		}
	}
	if got := crc32.ChecksumIEEE(fed([]byte("123456789"))); got != 0xcbf43926 {
		t.Errorf("IEEE of \"123456789\" is %#x, expected 0xcbf43926", got)
	}
	for length := range 280 {
		check(data[length%16:][:length])
	}
	for _, length := range []int{511, 512, 1023, 1024, 1025, 1536, 2047, 2600} {
		check(data[length%16:][:length])
	}
}

func otherSums(t *suite.T) {
	numbers := stream(21)
	data := numbers.fill(make([]byte, 6010))
	tables := map[uint64]*crc64.Table{crc64.ISO: crc64.MakeTable(crc64.ISO), crc64.ECMA: crc64.MakeTable(crc64.ECMA)}
	for _, length := range []int{0, 1, 7, 8, 9, 15, 16, 63, 64, 65, 100, 500, 5552, 5553, 5999} {
		b := data[length%8:][:length]
		for polynomial, table := range tables {
			if got, want := crc64.Checksum(fed(b), table), bitwise(polynomial, ^uint64(0), b); got != want {
				t.Errorf("CRC-64 %#x of %d bytes is %#x, expected %#x", polynomial, length, got, want)
			}
		}
		low, high := uint32(1), uint32(0)
		for _, c := range b {
			low = (low + uint32(c)) % 65521
			high = (high + low) % 65521
		}
		if got := adler32.Checksum(fed(b)); got != high<<16|low {
			t.Errorf("Adler-32 of %d bytes is %#x, expected %#x", length, got, high<<16|low)
		}
	}
}

func mapHash(t *suite.T) {
	seed := maphash.MakeSeed()
	hashed := func(b []byte) uint64 { return maphash.Bytes(seed, shortened(b)) }
	room := make([]byte, 600)
	for length := range 260 {
		original := make([]byte, length)
		for i := range original {
			original[i] = byte(i * 3)
		}
		want := hashed(original)
		if got := maphash.String(seed, string(shortened(original))); got != want {
			t.Fatalf("%d bytes have another hash as a string", length)
		}
		for offset := range 17 {
			copied := room[offset:][:length]
			copy(copied, original)
			if got := hashed(copied); got != want {
				t.Fatalf("%d bytes at offset %d have another hash than elsewhere", length, offset)
			}
		}
		for i := range original {
			original[i] ^= 1
			if hashed(original) == want {
				t.Fatalf("%d bytes: the hash is the same when byte %d is another", length, i)
			}
			original[i] ^= 1
		}
	}
}
