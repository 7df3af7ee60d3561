using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>One call of the program: what was asked, and where the answers go. Results go to stdout; progress and diagnostics to stderr.</summary>
internal sealed class Session(ParseResult parsed)
{
    public static readonly Option<bool> JsonOption = new("--json") { Description = "Print JSON.", Recursive = true };

    public static readonly Option<string?> AddressOption = new("--address")
    {
        Description = $"The agent's address; {Address.Variable} when unset, else {Address.Default}.",
        HelpName = "ADDRESS",
        Recursive = true,
    };

    public bool Json => parsed.GetValue(JsonOption);

    public TextWriter Out => Console.Out;

    public TextWriter Error => Console.Error;

    /// <summary>Null: stdout is no terminal, and tables are not cut.</summary>
    public static int? Width => Console.IsOutputRedirected ? null : Math.Max(Console.WindowWidth, 40);

    public T? Value<T>(Option<T> option) => parsed.GetValue(option);

    public T Value<T>(Argument<T> argument) => parsed.GetValue(argument)!;

    /// <summary>A file that was named; null: none was.</summary>
    /// <exception cref="CliException">Its name is empty, which a variable of a script that is not set leaves.</exception>
    public string? File(Option<string?> option) => parsed.GetValue(option) is not "" and var file ? file : throw new CliException(ErrorCodes.Invalid, $"{option.Name} names a file, and '' is none");

    public ApiClient Client() => new(Address.Socket(
        parsed.GetValue(AddressOption) ?? (Environment.GetEnvironmentVariable(Address.Variable) is { Length: > 0 } set ? set : Address.Default)));

    /// <summary>What people read meanwhile, on stderr; with <c>--json</c> nothing stands there but errors.</summary>
    public void Tell(string people) => Error.Write(Json ? "" : people);

    /// <summary>The one object that a command prints with <c>--json</c>, else its text for people.</summary>
    /// <param name="json">Asked for with <c>--json</c> alone.</param>
    public int Print<T>(T value, Func<JsonTypeInfo<T>> json, Func<T, string> people)
    {
        Out.Write(Json ? JsonSerializer.Serialize(value, json()) + "\n" : people(value));
        return ExitCodes.Done;
    }

    /// <summary>As people read it: local time with its zone.</summary>
    public static string Time(DateTimeOffset time) => time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture);
}
