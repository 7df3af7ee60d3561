using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.Json;
using Fleet.Client.Api;
using Fleet.Ledger;

namespace Fleet.Client.Cli;

/// <summary>How an error is shown: to stderr, in words or as <c>{"error":...}</c>; and the exit code that goes with it.</summary>
internal static class Failure
{
    public static int Show(ApiError error, bool json)
    {
        if (json)
        {
            Console.Error.WriteLine(JsonSerializer.Serialize(new ErrorReply(error), ApiJson.Line.ErrorReply));
        }
        else
        {
            Console.Error.WriteLine($"fleet: {EventText.Visible(error.Message)}");
            foreach (var detail in error.Details)
            {
                Console.Error.WriteLine($"  {EventText.Visible(detail.ToString())}");
            }
        }

        return ExitCodes.Of(error.Code);
    }

    /// <summary>Of a command line that does not parse: each word that is wrong, with the one that was probably meant.</summary>
    public static ApiError OfUsage(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        var inherited = command.Parents.OfType<Command>().SelectMany(Above).SelectMany(c => c.Options).Where(o => o.Recursive);
        var known = command.Subcommands.Select(c => c.Name).Concat(command.Options.Concat(inherited).Select(o => o.Name)).ToArray();
        var hints = parsed.UnmatchedTokens
            .Select(token => (token, near: NearestWord.Of(token, known)))
            .Where(hint => hint.near is not null && hint.near != hint.token)
            .Select(hint => new ErrorDetail("", $"'{hint.token}': did you mean '{hint.near}'?"));
        var messages = parsed.Errors.Select(Message).Distinct();
        return new ApiError(ErrorCodes.Invalid, $"{string.Join("; ", messages)}: see '{Words(parsed.CommandResult)} --help'", [.. hints]);
    }

    private static IEnumerable<Command> Above(Command command) => [command, .. command.Parents.OfType<Command>().SelectMany(Above)];

    // Of the words that an argument may be, System.CommandLine makes a list with one on each line.
    private static string Message(ParseError error) => (char.ToLowerInvariant(error.Message[0]) + error.Message[1..].TrimEnd('.')).Replace("\n\t", " ", StringComparison.Ordinal);

    private static string Words(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Words(parent)} {result.Command.Name}" : "fleet";
}
