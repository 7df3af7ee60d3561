using System.Collections.Immutable;
using System.Text.Json.Serialization;

namespace Fleet;

/// <summary>What a decider answers: events to persist (none: already so), or a refusal.</summary>
public sealed record Decision<TEvent>(ImmutableArray<TEvent> Events, Refusal? Refusal)
{
    public static Decision<TEvent> Nothing { get; } = new([], null);

    public static Decision<TEvent> Of(params ReadOnlySpan<TEvent> events) => new([.. events], null);

    public static Decision<TEvent> Refuse(RefusalCode code, string message) => new([], new Refusal(code, message));
}

/// <param name="Message">Lower case: the rule, the value that broke it, the way out.</param>
public sealed record Refusal(RefusalCode Code, string Message, ImmutableArray<Mistake> Details = default);

/// <summary>Why the fleet does not do as asked; each has one exit code and one HTTP status (Client/Cli/ExitCodes).</summary>
[JsonConverter(typeof(SnakeCaseEnum<RefusalCode>))]
public enum RefusalCode
{
    /// <summary>The input breaks a rule; exit code 2.</summary>
    Invalid,

    /// <summary>Exit code 3.</summary>
    NotFound,

    /// <summary>Policy, or a missing grant; exit code 4.</summary>
    Denied,

    /// <summary>It does not fit what is; exit code 1.</summary>
    Conflict,

    /// <summary>The agent could not write it down or do it; exit code 1.</summary>
    Unavailable,
}
