using System.CommandLine;
using System.CommandLine.Completions;
using System.CommandLine.Invocation;
using System.Globalization;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>What <see cref="CompletionScripts"/> ask by: <c>[suggest:N]</c>, of which the standard action aborts this program if N is no number that it can hold, or is there twice.</summary>
internal sealed class Suggestion(SuggestDirective directive, SynchronousCommandLineAction standard) : SynchronousCommandLineAction
{
    public override bool Terminating => standard.Terminating;

    public override bool ClearsParseErrors => standard.ClearsParseErrors;

    public static void Install(RootCommand root)
    {
        var directive = root.Directives.OfType<SuggestDirective>().Single();
        directive.Action = new Suggestion(directive, (SynchronousCommandLineAction)directive.Action!);
    }

    /// <exception cref="CliException">It is not asked as the scripts do.</exception>
    public override int Invoke(ParseResult parseResult) => parseResult.GetResult(directive)!.Values switch
    {
        [] or [""] => standard.Invoke(parseResult),
        [var place] when int.TryParse(place, NumberStyles.None, CultureInfo.InvariantCulture, out _) => standard.Invoke(parseResult),
        var places => throw new CliException(ErrorCodes.Invalid, $"[suggest:N] has one place in the line that is to be completed, from 0 to {int.MaxValue}, not '{string.Join("' and '", places)}'"),
    };
}
