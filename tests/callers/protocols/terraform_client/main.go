// Runs a credentials helper as Terraform does, by Terraform's own code.
//
//	client HELPER ACTION HOST [ARGUMENT …]
//
// For the action get it prints the Authorization header of a request to the host, if any.
package main

import (
	"fmt"
	"net/http"
	"os"

	svchost "github.com/hashicorp/terraform-svchost"
	"github.com/hashicorp/terraform-svchost/auth"
)

func main() {
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(helper, action, name string, arguments []string) error {
	host, err := svchost.ForComparison(name)
	if err != nil {
		return err
	}
	source := auth.HelperProgramCredentialsSource(helper, arguments...)
	switch action {
	case "store":
		return source.StoreForHost(host, auth.HostCredentialsToken("tok-0"))
	case "forget":
		return source.ForgetForHost(host)
	}
	credentials, err := source.ForHost(host)
	if err != nil || credentials == nil {
		return err
	}
	request, err := http.NewRequest(http.MethodGet, "https://"+host.String(), nil)
	if err != nil {
		return err
	}
	credentials.PrepareRequest(request)
	fmt.Println(request.Header.Get("Authorization"))
	return nil
}
