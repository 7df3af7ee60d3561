using System.Diagnostics;

namespace Fleet.Client.Cli;

/// <summary>
/// Scripts that ask the program itself what may come next (System.CommandLine's suggest directive, see <see cref="Suggestion"/>), so that they never lag behind it, and know the jobs there are.
/// </summary>
internal static class CompletionScripts
{
    public static string For(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => throw new UnreachableException($"no script for {shell}"),
    };

    private const string Bash = """
        # bash completion for fleet: source <(fleet completion bash)
        _fleet() {
            local word=${COMP_WORDS[COMP_CWORD]} reply
            COMPREPLY=()
            while IFS= read -r reply; do
                [[ $reply != "$word"* ]] || COMPREPLY+=("$reply")
            done < <("${COMP_WORDS[0]}" "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)
        }
        complete -o default -F _fleet fleet

        """;

    private const string Zsh = """
        #compdef fleet
        # zsh completion for fleet: source <(fleet completion zsh)
        _fleet() {
            local -a replies
            replies=("${(@f)$("${words[1]}" "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
            compadd -- "${replies[@]}" || _files
        }
        compdef _fleet fleet

        """;

    private const string Fish = """
        # fish completion for fleet: fleet completion fish | source
        complete -c fleet -a '(fleet "[suggest:"(string length -- (commandline -cp))"]" (commandline -cp) 2>/dev/null)'

        """;
}
