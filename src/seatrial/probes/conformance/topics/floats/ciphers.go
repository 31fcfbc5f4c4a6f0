package floats

import (
	"bytes"
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/binary"
	"encoding/hex"
	"math/big"
	"math/bits"
	"math/rand/v2"

	"seatrial.example/conformance/suite"
)

func init() {
	suite.Register(suite.Case{
		ID:       "floats/aes-block",
		Contract: "AES with keys of 128, 192 and 256 bits gives the answers of FIPS 197, and back.",
		Source:   "FIPS 197, appendix C; Go crypto/internal/fips140/aes/aes_<arch>.s (AES-NI, AESE, KM, VCIPHER)",
		Breaks:   "TLS, disk and token encryption.",
		Run:      aesBlock,
	}, suite.Case{
		ID:       "floats/aes-modes",
		Contract: "AES-CTR and AES-CBC give the answers of SP 800-38A, and CTR at every length what single blocks give.",
		Source:   "NIST SP 800-38A, F.2.1 and F.5.1; Go crypto/internal/fips140/aes/ctr_<arch>.s, cbc_s390x.go",
		Breaks:   "Encrypted files and streams cannot be read elsewhere.",
		Run:      aesModes,
	}, suite.Case{
		ID:       "floats/aes-gcm",
		Contract: "AES-GCM gives at every length what the definition gives, computed bit by bit, and refuses what was changed.",
		Source:   "NIST SP 800-38D, 6.3 to 7.1; Go crypto/internal/fips140/aes/gcm/gcm_<arch>.s",
		Breaks:   "TLS connections break off, or accept forged data.",
		Run:      aesGCM,
	}, suite.Case{
		ID:       "floats/chacha8",
		Contract: "math/rand/v2.ChaCha8 gives the stream of its specification, computed word by word.",
		Source:   "C2SP chacha8rand; Go internal/chacha8rand/chacha8_<arch>.s (also the runtime's own random numbers)",
		Breaks:   "Seeded simulations and shuffles are not reproduced; map iteration and select are not random.",
		Run:      chacha8,
	}, suite.Case{
		ID:       "floats/ed25519",
		Contract: "Ed25519 gives the key and signature of RFC 8032, and refuses a changed message.",
		Source:   "RFC 8032, 7.1, test 2; Go crypto/internal/fips140/edwards25519/field/fe_<arch>.s",
		Breaks:   "SSH keys, signed packages and certificates are refused.",
		Run:      ed25519Answers,
	}, suite.Case{
		ID:       "floats/p256-signature",
		Contract: "ECDSA on P-256 without randomness gives the key and signature of RFC 6979, and verifies it.",
		Source:   "RFC 6979, A.2.5; Go crypto/internal/fips140/nistec/p256_asm_<arch>.s",
		Breaks:   "Most certificates of the web are refused, or made wrong.",
		Run:      p256Answers,
	}, suite.Case{
		ID:       "floats/x25519",
		Contract: "X25519 gives the keys and the shared secret of RFC 7748.",
		Source:   "RFC 7748, 6.1",
		Breaks:   "TLS and SSH agree on no key with other implementations.",
		Run:      x25519Answers,
	})
}

func unhex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func same16(t *suite.T, what string, got []byte, want string) {
	if hex.EncodeToString(got) != want {
		t.Errorf("%s is %x, expected %s", what, got, want)
	}
}

func counting(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func aesBlock(t *suite.T) {
	text := unhex("00112233445566778899aabbccddeeff")
	for bytes, want := range map[int]string{
		16: "69c4e0d86a7b0430d8cdb78070b4c55a", 24: "dda97ca4864cdfe06eaf70a0ec0d7191", 32: "8ea2b7ca516745bfeafc49904b496089",
	} {
		block, err := aes.NewCipher(counting(bytes))
		if err != nil {
			t.Fatalf("a key of %d bytes: %v", bytes, err)
		}
		out, back := make([]byte, 16), make([]byte, 16)
		block.Encrypt(out, fed(text))
		same16(t, "the block under a key of "+hex.EncodeToString(counting(bytes)), out, want)
		block.Decrypt(back, unhex(want))
		same16(t, "the block decrypted again", back, hex.EncodeToString(text))
	}
}

func aesModes(t *suite.T) {
	block, _ := aes.NewCipher(unhex("2b7e151628aed2a6abf7158809cf4f3c"))
	text := unhex("6bc1bee22e409f96e93d7e117393172a")
	out := make([]byte, 16)
	cipher.NewCBCEncrypter(block, counting(16)).CryptBlocks(out, fed(text))
	same16(t, "the first block of CBC", out, "7649abac8119b246cee98e9b12e9197d")
	cipher.NewCBCDecrypter(block, counting(16)).CryptBlocks(out, out)
	same16(t, "the first block of CBC, decrypted,", out, hex.EncodeToString(fed(text)))
	first := unhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
	cipher.NewCTR(block, first).XORKeyStream(out, fed(text))
	same16(t, "the first block of CTR", out, "874d6191b620e3261bef6864990db6ce")
	numbers := stream(22)
	for length := range 300 {
		data := numbers.fill(make([]byte, length))
		counter := unhex("000000000000000000000000fffffffd") // carries within the first blocks
		want := counterMode(block, counter, data, 16)
		got := make([]byte, length)
		mode := cipher.NewCTR(block, counter)
		mode.XORKeyStream(got[:length/3], fed(data)[:length/3])
		mode.XORKeyStream(got[length/3:], fed(data)[length/3:])
		if !bytes.Equal(got, want) {
			t.Fatalf("CTR of %d bytes is not what single blocks give", length)
		}
	}
}

// counterMode encrypts block by block; so many bytes at the end of the counter count.
func counterMode(block cipher.Block, counter, data []byte, counted int) []byte {
	counter, out, key := bytes.Clone(counter), make([]byte, len(data)), make([]byte, 16)
	for i := range data {
		if i%16 == 0 {
			block.Encrypt(key, counter)
			for k := 15; k >= 16-counted; k-- {
				if counter[k]++; counter[k] != 0 {
					break
				}
			}
		}
		out[i] = data[i] ^ key[i%16]
	}
	return out
}

// A field element of GF(2^128) as SP 800-38D writes it: the highest bit of the first byte first.
type element struct{ high, low uint64 }

func (e element) times(f element) (product element) {
	for i := range 128 {
		word := f.high
		if i >= 64 {
			word = f.low
		}
		if word>>(63-i%64)&1 == 1 {
			product.high ^= e.high
			product.low ^= e.low
		}
		odd := e.low & 1
		e.low = e.low>>1 | e.high<<63
		e.high = e.high>>1 ^ odd*0xe1<<56
	}
	return product
}

func (e element) with(h element, data []byte) element {
	for len(data) > 0 {
		block := make([]byte, 16)
		data = data[copy(block, data):]
		e.high ^= binary.BigEndian.Uint64(block)
		e.low ^= binary.BigEndian.Uint64(block[8:])
		e = e.times(h)
	}
	return e
}

// sealed is AES-GCM as SP 800-38D defines it, with a nonce of 12 bytes.
func sealed(block cipher.Block, nonce, text, extra []byte) []byte {
	zero := make([]byte, 16)
	block.Encrypt(zero, zero)
	h := element{binary.BigEndian.Uint64(zero), binary.BigEndian.Uint64(zero[8:])}
	first := append(bytes.Clone(nonce), 0, 0, 0, 1)
	second := append(bytes.Clone(nonce), 0, 0, 0, 2)
	out := counterMode(block, second, text, 4)
	lengths := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, uint64(len(extra))*8), uint64(len(out))*8)
	sum := element{}.with(h, extra).with(h, out).with(h, lengths)
	tag := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, sum.high), sum.low)
	return append(out, counterMode(block, first, tag, 4)...)
}

func aesGCM(t *suite.T) {
	numbers := stream(23)
	for _, length := range []int{0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 95, 96, 127, 128, 129, 144, 200, 255, 256, 257, 384, 513, 800} {
		block, _ := aes.NewCipher(numbers.fill(make([]byte, 16+length%3*8)))
		mode, err := cipher.NewGCM(block)
		if err != nil {
			t.Fatalf("NewGCM: %v", err)
		}
		nonce, extra := numbers.fill(make([]byte, 12)), numbers.fill(make([]byte, length%37))
		text := numbers.fill(make([]byte, length+3))[3:]
		want := sealed(block, nonce, text, extra)
		got := mode.Seal(nil, nonce, fed(text), extra)
		if len(text) == 0 {
			got = mode.Seal(nil, nonce, text, fed(extra))
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, with %d more authenticated, are sealed as\n%x, expected\n%x", length, len(extra), got, want)
		}
		if back, err := mode.Open(nil, nonce, got, extra); err != nil || !bytes.Equal(back, text) {
			t.Fatalf("%d bytes are not opened again: %v", length, err)
		}
		got[numbers.below(len(got))] ^= 1 << numbers.below(8)
		if _, err := mode.Open(nil, nonce, got, extra); err == nil {
			t.Fatalf("%d bytes with one bit changed are opened", length)
		}
	}
}

// chachaWords are the next 32 numbers: four blocks side by side, eight rounds each.
func chachaWords(key [8]uint32, counter uint32) (words [32]uint64) {
	var blocks [16][4]uint32
	for lane := range uint32(4) {
		x := [16]uint32{0x61707865, 0x3320646e, 0x79622d32, 0x6b206574, 12: counter + lane}
		copy(x[4:], key[:])
		quarter := func(a, b, c, d int) {
			x[a] += x[b]
			x[d] = bits.RotateLeft32(x[d]^x[a], 16)
			x[c] += x[d]
			x[b] = bits.RotateLeft32(x[b]^x[c], 12)
			x[a] += x[b]
			x[d] = bits.RotateLeft32(x[d]^x[a], 8)
			x[c] += x[d]
			x[b] = bits.RotateLeft32(x[b]^x[c], 7)
		}
		for range 4 {
			for i := range 4 {
				quarter(i, 4+i, 8+i, 12+i)
			}
			for i := range 4 {
				quarter(i, 4+(i+1)%4, 8+(i+2)%4, 12+(i+3)%4)
			}
		}
		for i := range x {
			if i >= 4 && i < 12 {
				x[i] += key[i-4]
			}
			blocks[i][lane] = x[i]
		}
	}
	for i := range words {
		words[i] = uint64(blocks[i/2][i%2*2]) | uint64(blocks[i/2][i%2*2+1])<<32
	}
	return words
}

func chacha8(t *suite.T) {
	seed := [32]byte(counting(32))
	generator := rand.NewChaCha8([32]byte(fed(seed[:])))
	var key [8]uint32
	for i := range key {
		key[i] = binary.LittleEndian.Uint32(seed[4*i:])
	}
	for n, counter := 0, uint32(0); n < 1000; counter += 4 {
		words := chachaWords(key, counter%16)
		given := words[:]
		if counter%16 == 12 { // the last four are the next key
			given = words[:28]
			for i, w := range words[28:] {
				key[2*i], key[2*i+1] = uint32(w), uint32(w>>32)
			}
		}
		for _, want := range given {
			if got := generator.Uint64(); got != want {
				t.Fatalf("number %d is %#x, expected %#x", n, got, want)
			}
			n++
		}
	}
}

func ed25519Answers(t *suite.T) {
	key := ed25519.NewKeyFromSeed(unhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb"))
	public := key.Public().(ed25519.PublicKey)
	same16(t, "the public key", public, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
	signature := ed25519.Sign(key, fed([]byte{0x72}))
	same16(t, "the signature", signature, "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"+
		"085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00")
	if !ed25519.Verify(public, []byte{0x72}, signature) || ed25519.Verify(public, []byte{0x73}, signature) {
		t.Errorf("the message does not verify, or another does")
	}
}

func p256Answers(t *suite.T) {
	number := func(text string) *big.Int { return new(big.Int).SetBytes(unhex(text)) }
	secret := unhex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721")
	exchange, err := ecdh.P256().NewPrivateKey(secret)
	if err != nil {
		t.Fatalf("the private key is refused: %v", err)
	}
	public := exchange.PublicKey().Bytes()
	same16(t, "the public key", public, "04"+"60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"+
		"7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299")
	key := &ecdsa.PrivateKey{D: new(big.Int).SetBytes(secret)}
	key.Curve, key.X, key.Y = elliptic.P256(), new(big.Int).SetBytes(public[1:33]), new(big.Int).SetBytes(public[33:])
	digest := sha256.Sum256([]byte("sample"))
	encoded, err := key.Sign(nil, fed(digest[:]), crypto.SHA256)
	if err != nil {
		t.Fatalf("signing: %v", err)
	}
	var signature struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(encoded, &signature); err != nil {
		t.Fatalf("the signature is no DER: %v", err)
	}
	r, s := number("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"),
		number("f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8")
	if signature.R.Cmp(r) != 0 || signature.S.Cmp(s) != 0 {
		t.Errorf("the signature is %x %x, expected %x %x", signature.R, signature.S, r, s)
	}
	good := ecdsa.VerifyASN1(&key.PublicKey, digest[:], encoded)
	digest[5] ^= 1
	if !good || ecdsa.VerifyASN1(&key.PublicKey, digest[:], encoded) {
		t.Errorf("the digest does not verify, or another does")
	}
}

func x25519Answers(t *suite.T) {
	one, err := ecdh.X25519().NewPrivateKey(unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"))
	if err != nil {
		t.Fatalf("a private key is refused: %v", err)
	}
	other, err := ecdh.X25519().NewPrivateKey(fed(unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb")))
	if err != nil {
		t.Fatalf("a private key is refused: %v", err)
	}
	same16(t, "the first public key", one.PublicKey().Bytes(), "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a")
	same16(t, "the second public key", other.PublicKey().Bytes(), "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f")
	for _, pair := range [][2]*ecdh.PrivateKey{{one, other}, {other, one}} {
		secret, err := pair[0].ECDH(pair[1].PublicKey())
		if err != nil {
			t.Fatalf("no shared secret: %v", err)
		}
		same16(t, "the shared secret", secret, "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742")
	}
}
