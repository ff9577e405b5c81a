// Checks an export of tiles and .tlog-proof files with Go's own log client, golang.org/x/mod/sumdb: nothing of ours.
//
//	stock VKEY TILES OLD_CHECKPOINT [BODY PROOF]...
//
// prints the size, and ends with status 1 at the first thing that does not check.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"stock/note"
	"stock/tlog"
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func read(path string) []byte {
	data, err := os.ReadFile(path)
	check(err)
	return data
}

// open checks a signed checkpoint and returns its tree.
func open(signed []byte, verifier note.Verifier) tlog.Tree {
	opened, err := note.Open(signed, note.VerifierList(verifier))
	check(err)
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		check(fmt.Errorf("not a checkpoint of %s: %q", verifier.Name(), opened.Text))
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	check(err)
	return tlog.Tree{N: size, Hash: hash(lines[2])}
}

func hash(text string) (h tlog.Hash) {
	data, err := base64.StdEncoding.DecodeString(text)
	check(err)
	if len(data) != len(h) {
		check(fmt.Errorf("a hash of %d bytes", len(data)))
	}
	copy(h[:], data)
	return h
}

// folder reads tiles as c2sp.org/tlog-tiles lays them out: x/mod's path without the tile's height.
type folder string

func (folder) Height() int                     { return 8 }
func (folder) SaveTiles([]tlog.Tile, [][]byte) {}
func (f folder) ReadTiles(tiles []tlog.Tile) (found [][]byte, err error) {
	for _, tile := range tiles {
		data, err := os.ReadFile(filepath.Join(string(f), "tile", strings.TrimPrefix(tile.Path(), "tile/8/")))
		if err != nil {
			return nil, err
		}
		found = append(found, data)
	}
	return found, nil
}

func main() {
	verifier, err := note.NewVerifier(os.Args[1])
	check(err)
	tree := open(read(filepath.Join(os.Args[2], "checkpoint")), verifier)
	reader := tlog.TileHashReader(tree, folder(os.Args[2]))

	for n := int64(0); n < tree.N; n++ { // every leaf, over tiles that are checked against the signed root
		hashes, err := reader.ReadHashes([]int64{tlog.StoredHashIndex(0, n)})
		check(err)
		proof, err := tlog.ProveRecord(tree.N, n, reader)
		check(err)
		check(tlog.CheckRecord(proof, tree.N, tree.Hash, n, hashes[0]))
	}
	old := open(read(os.Args[3]), verifier)
	proof, err := tlog.ProveTree(tree.N, old.N, reader)
	check(err)
	check(tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash))

	for rest := os.Args[4:]; len(rest) > 1; rest = rest[2:] {
		head, signed, _ := strings.Cut(string(read(rest[1])), "\n\n")
		lines := strings.Split(head, "\n")
		if lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "index ") {
			check(fmt.Errorf("not a proof: %q", head))
		}
		index, err := strconv.ParseInt(strings.TrimPrefix(lines[1], "index "), 10, 64)
		check(err)
		var hashes tlog.RecordProof
		for _, line := range lines[2:] {
			hashes = append(hashes, hash(line))
		}
		proven := open([]byte(signed), verifier)
		check(tlog.CheckRecord(hashes, proven.N, proven.Hash, index, tlog.RecordHash(read(rest[0]))))
	}
	fmt.Println(tree.N)
}
