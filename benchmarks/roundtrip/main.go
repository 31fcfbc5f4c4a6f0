// Roundtrip asks itself something over HTTP, checks the answer and ends: a pure Go program of ordinary size.
package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
)

type answer struct {
	Length int    `json:"length"`
	SHA256 string `json:"sha256"`
}

func digest(w http.ResponseWriter, r *http.Request) {
	unpacked, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	hash := sha256.New()
	length, err := io.Copy(hash, unpacked)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	json.NewEncoder(w).Encode(answer{int(length), hex.EncodeToString(hash.Sum(nil))})
}

func ask(url string, data []byte) (answer, error) {
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	if _, err := writer.Write(data); err != nil {
		return answer{}, err
	}
	if err := writer.Close(); err != nil {
		return answer{}, err
	}
	response, err := http.Post(url, "application/gzip", &packed)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	var got answer
	return got, json.NewDecoder(response.Body).Decode(&got)
}

func main() {
	server := httptest.NewServer(http.HandlerFunc(digest))
	defer server.Close()
	data := bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog. "), 10_000)
	sum := sha256.Sum256(data)
	want := answer{len(data), hex.EncodeToString(sum[:])}
	for range 20 {
		if got, err := ask(server.URL, data); err != nil || got != want {
			fmt.Fprintln(os.Stderr, "roundtrip:", got, err)
			os.Exit(1)
		}
	}
	fmt.Println("roundtrip ok", want.SHA256)
}
