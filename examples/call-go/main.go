// Command call-go prints the names of your iTwins with a token from credhelper: go run . [PROFILE]
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"time"
)

const limit = 25 * time.Second // more than credhelper's own deadline (20 s), so that its reason comes through
const temporary = 75           // exit status of credhelper: trying again later helps

var url = cmp.Or(os.Getenv("ITWIN_API"), "https://api.bentley.com") + "/itwins/?$top=5"
var client = http.Client{
	Timeout: 30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse // the token is for this server
	},
}

// failure is one line for the person who must act, and the exit status.
type failure struct {
	line   string
	status int
}

func (f failure) Error() string { return f.line }

// ask returns the access token of one run of `credhelper get`.
func ask(arguments ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, "credhelper", append([]string{"get"}, arguments...)...)
	command.Stdout, command.Stderr = &stdout, &stderr // and stdin is the null device
	command.WaitDelay = time.Second                   // a process of its own may hold the pipes open
	err := command.Run()
	var exit *exec.ExitError
	if ctx.Err() != nil {
		return "", failure{fmt.Sprintf("credhelper gave no answer within %s", limit), 1}
	} else if errors.As(err, &exit) && exit.Exited() {
		return "", failure{string(bytes.TrimSpace(stderr.Bytes())), exit.ExitCode()}
	} else if err != nil {
		return "", err
	}
	var answer struct {
		Version     int
		AccessToken string
	}
	if err := json.Unmarshal(stdout.Bytes(), &answer); err != nil {
		return "", err
	}
	if answer.Version != 1 {
		return "", failure{"credhelper answered in a version that is not known here", 1}
	}
	return answer.AccessToken, nil
}

// token is ask with patience for what is temporary.
func token(arguments ...string) (string, error) {
	for _, pause := range []time.Duration{2 * time.Second, 4 * time.Second} {
		accessToken, err := ask(arguments...)
		var failed failure
		if !errors.As(err, &failed) || failed.status != temporary {
			return accessToken, err
		}
		time.Sleep(pause)
	}
	return ask(arguments...)
}

// call asks for the first iTwins, with the token that credhelper gets by these arguments.
func call(arguments ...string) (*http.Response, error) {
	accessToken, err := token(arguments...)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/vnd.bentley.itwin-platform.v1+json")
	request.Header.Set("Authorization", "Bearer "+accessToken)
	return client.Do(request)
}

func run(profile ...string) error {
	response, err := call(profile...)
	if err == nil && response.StatusCode == http.StatusUnauthorized {
		response.Body.Close()
		// The token was revoked, or its key rotated, before its expiry: once, past the cache.
		response, err = call(append([]string{"--fresh"}, profile...)...)
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return failure{fmt.Sprintf("%s answered %s", url, response.Status), 1}
	}
	var page struct {
		ITwins []struct{ DisplayName string }
	}
	if err := json.NewDecoder(response.Body).Decode(&page); err != nil {
		return err
	}
	for _, itwin := range page.ITwins {
		fmt.Println(itwin.DisplayName)
	}
	return nil
}

func main() {
	if err := run(os.Args[1:min(len(os.Args), 2)]...); err != nil {
		fmt.Fprintln(os.Stderr, err)
		failed := failure{status: 1}
		errors.As(err, &failed)
		os.Exit(failed.status)
	}
}
