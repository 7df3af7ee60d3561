using System.Diagnostics;
using Fleet.Client.Jobs;

namespace Fleet.Client.Api;

/// <summary>What every refused request is answered with, and what <c>--json</c> prints on stderr.</summary>
public sealed record ErrorReply(ApiError Error);

/// <param name="Code">One of <see cref="ErrorCodes"/>; scripts compare it.</param>
/// <param name="Message">For people.</param>
public sealed record ApiError(string Code, string Message, ErrorDetail[] Details)
{
    public static ApiError Of(Refusal refusal) => new(
        ErrorCodes.Of(refusal.Code), refusal.Message, refusal.Details.IsDefault ? [] : [.. refusal.Details.Select(d => new ErrorDetail(d.Path, d.Message))]);

    public static ApiError Of(IReadOnlyCollection<FileMistake> mistakes) => new(
        ErrorCodes.Invalid,
        mistakes.Count == 1 ? "the job file has a mistake" : $"the job file has {mistakes.Count} mistakes",
        [.. mistakes.Select(m => new ErrorDetail(m.Path, m.Message, m.File, m.Line, m.Column))]);
}

/// <param name="Path">The key or the process that it is about; empty for the whole.</param>
/// <param name="File">Null: it is not about a file; then line and column are null too. Both count from 1.</param>
public sealed record ErrorDetail(string Path, string Message, string? File = null, int? Line = null, int? Column = null)
{
    public override string ToString() => File is null ? (Path == "" ? Message : $"{Path}: {Message}") : $"{File}:{Line}:{Column}: {Message}";
}

/// <summary>The codes of errors: a promise to scripts. The first five are those of <see cref="RefusalCode"/>.</summary>
public static class ErrorCodes
{
    public const string Invalid = "invalid";
    public const string NotFound = "not_found";
    public const string Denied = "denied";
    public const string Conflict = "conflict";
    public const string Unavailable = "unavailable";

    /// <summary>The client waited as long as it was told to.</summary>
    public const string Timeout = "timeout";

    /// <summary>What was asked was done, and came to nothing good, such as a process that fails.</summary>
    public const string Failed = "failed";

    public static string Of(RefusalCode code) => code switch
    {
        RefusalCode.Invalid => Invalid,
        RefusalCode.NotFound => NotFound,
        RefusalCode.Denied => Denied,
        RefusalCode.Conflict => Conflict,
        RefusalCode.Unavailable => Unavailable,
        _ => throw new UnreachableException($"no error code for {code}"),
    };
}

/// <summary>What the fleet refuses, or a tool that it needs.</summary>
public sealed class RefusedException(ApiError error) : Exception(error.Message)
{
    public RefusedException(RefusalCode code, string message)
        : this(ApiError.Of(new Refusal(code, message)))
    {
    }

    public ApiError Error { get; } = error;
}
