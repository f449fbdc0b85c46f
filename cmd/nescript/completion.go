//go:build linux

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/nescript/nescript/lang"
)

func newCompletion(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "write the shell's completion script",
		Example: `  source <(nescript completion bash)
  nescript completion zsh > "${fpath[1]}/_nescript"
  nescript completion fish > ~/.config/fish/completions/nescript.fish`,
		Args:      needArgs(1, 1, "the name of a shell: bash, zsh or fish"),
		ValidArgs: []string{"bash", "zsh", "fish"},
		RunE: func(cmd *cobra.Command, args []string) error {
			switch root := cmd.Root(); args[0] {
			case "bash":
				return root.GenBashCompletionV2(a.out, true)
			case "zsh":
				return root.GenZshCompletion(a.out)
			case "fish":
				return root.GenFishCompletion(a.out, true)
			}
			return usagef("", "no completion for %q: there is bash, zsh and fish", args[0])
		},
	}
}

// completeFiles completes scripts.
func completeFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"nes"}, cobra.ShellCompDirectiveFilterFileExt
}

// completeScript completes a script and then its params.
func completeScript(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) == 0 {
		return []string{"nes"}, cobra.ShellCompDirectiveFilterFileExt
	}
	src, err := os.ReadFile(args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	file, _ := lang.Parse(args[0], src) // what parses is enough
	return paramsOf(file), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}

func paramsOf(file *lang.File) []string {
	if file == nil || file.Body == nil {
		return nil
	}
	var out []string
	for _, s := range file.Body.Stmts {
		p, ok := s.(*lang.Param)
		if !ok {
			continue
		}
		c := p.Name.Name + "="
		if p.Doc != nil {
			c += "\t" + docText(p.Doc)
		}
		out = append(out, c)
	}
	return out
}

// docText is a param's doc without what only a run could fill in.
func docText(doc *lang.StrLit) string {
	text := ""
	for _, part := range doc.Parts {
		if t, ok := part.(*lang.Text); ok {
			text += t.Value
		}
	}
	return text
}
