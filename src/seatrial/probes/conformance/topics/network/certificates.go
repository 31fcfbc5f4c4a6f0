package network

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"time"

	"seatrial.example/conformance/suite"
)

// The primes of a key that protects nothing: making such a key takes seconds under an emulator.
const (
	firstPrime = "f30e814a74da668172a012149e9067ab74e94a93738967f04b9e0d96387473d792752ae098d03e16cb8e1ec4715f8b81" +
		"9192a52320b4e98bfd072f6f73c3114a52b4095205375b7b9bbf1950c8fc80d876322a035377541c7c7b4a41f67faa7e" +
		"db678dacf842b7bcbf9989aca3ef4c9ae98ff3071656306be4d32c90760526c1"
	secondPrime = "e067c082481ec4c9dfc43d89977c1bc50e73de73aba17b406ea832ae24edda69e18aee08f8d749446eeaafe9a05720b1" +
		"77154a5f55198aeb739fec4bf7a140fec45776c8f17b1c27ff8dc80f2f3785cd14c2f0b8f8f6ecc246cea73d645fe145" +
		"90cf6464179fd8d9a61fce6682e59591681277c1a4ae3b625ad04c9fc367fe1d"
)

var rsaKey = sync.OnceValues(func() (crypto.Signer, error) {
	p, _ := new(big.Int).SetString(firstPrime, 16)
	q, _ := new(big.Int).SetString(secondPrime, 16)
	one := big.NewInt(1)
	const exponent = 65537
	order := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
	key := &rsa.PrivateKey{
		PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: exponent},
		D:         new(big.Int).ModInverse(big.NewInt(exponent), order),
		Primes:    []*big.Int{p, q},
	}
	key.Precompute()
	return key, key.Validate()
})

var ecdsaKey = sync.OnceValues(func() (crypto.Signer, error) {
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
})

var edKey = sync.OnceValues(func() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
})

// certified is a certificate of localhost that signs itself, and the pool of those who trust it.
func certified(t *suite.T, make func() (crypto.Signer, error)) (tls.Certificate, *x509.CertPool) {
	key, err := make()
	works(t, "making a key", err)
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	text, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	works(t, "making a certificate", err)
	parsed, err := x509.ParseCertificate(text)
	works(t, "reading the certificate", err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{text}, PrivateKey: key, Leaf: parsed}, pool
}
