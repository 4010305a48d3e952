// Command etcd is the etcd server, started from its library: the upstream
// command cannot be installed from the module proxy on its own.
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() {
	etcdmain.Main(os.Args)
}
