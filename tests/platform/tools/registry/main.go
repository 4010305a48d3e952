// Command registry serves a container registry that answers the referrers
// API. Blobs are kept in a directory, manifests in memory: a restart starts
// empty, which is what a test wants.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "address to listen on; port 0 picks a free one")
	directory := flag.String("directory", "", "directory for blobs (created when missing)")
	portFile := flag.String("port-file", "", "file that receives the port once the registry listens")
	quiet := flag.Bool("quiet", false, "do not log requests")
	flag.Parse()
	if err := serve(*address, *directory, *portFile, *quiet); err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1)
	}
}

func serve(address, directory, portFile string, quiet bool) error {
	if directory == "" {
		return errors.New("--directory is required")
	}
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return err
	}
	var output io.Writer = os.Stderr
	if quiet {
		output = io.Discard
	}
	handler := registry.New(
		registry.WithReferrersSupport(true),
		registry.WithBlobHandler(registry.NewDiskBlobHandler(directory)),
		registry.Logger(log.New(output, "", log.LstdFlags)),
	)
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	if err := announce(portFile, listener); err != nil {
		return err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	return server.Serve(listener)
}

// announce writes the port beside its final name and renames it, so that a
// reader who sees the file always finds the whole number in it.
func announce(portFile string, listener net.Listener) error {
	if portFile == "" {
		return nil
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		return fmt.Errorf("not a TCP address: %s", listener.Addr())
	}
	temporary, err := os.CreateTemp(filepath.Dir(portFile), ".port-*")
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(temporary, "%d\n", address.Port); err != nil {
		return err
	}
	if err := temporary.Close(); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), portFile)
}
