// Loads compose files with the library that docker compose loads them with, and prints what it makes of them as JSON.
// Usage: loader PROFILES FILE: profiles parted by commas, or "" for those of COMPOSE_PROFILES. Variables come from the
// environment and from .env beside the file.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := load(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func load(profiles string, files []string) error {
	chosen := strings.FieldsFunc(profiles, func(r rune) bool { return r == ',' })
	options, err := cli.NewProjectOptions(files, cli.WithOsEnv, cli.WithEnvFiles(), cli.WithDotEnv,
		cli.WithDefaultProfiles(chosen...))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(project)
}
