// The program asks the API server of a kubeconfig (first argument) for its version, three times
// with one client, and prints the HTTP status each time. The exec plugin is client-go's own affair.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

func main() {
	config, err := clientcmd.BuildConfigFromFlags("", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		log.Fatal(err)
	}
	for range 3 {
		fmt.Println(status(client, config.Host+"/version"))
	}
}

func status(client *http.Client, url string) int {
	response, err := client.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}
