using System.Diagnostics;
using Akka.Actor;
using Fleet.Host.Jobs;
using Microsoft.AspNetCore.Http;

namespace Fleet.Host.Api;

/// <summary>The one place where a refusal becomes an HTTP status and the error's JSON.</summary>
public static class ProblemMapping
{
    public static ApiError ErrorOf(Refusal refusal) => new(
        CodeOf(refusal.Code),
        refusal.Message,
        refusal.Details.IsDefault ? [] : [.. refusal.Details.Select(d => new ErrorDetail(d.Path, d.Message))]);

    public static ApiError ErrorOf(IReadOnlyCollection<FileMistake> mistakes) => new(
        ErrorCodes.Invalid,
        mistakes.Count == 1 ? "the job file has a mistake" : $"the job file has {mistakes.Count} mistakes",
        [.. mistakes.Select(m => new ErrorDetail(m.Path, m.Message, m.File, m.Line, m.Column))]);

    public static int StatusOf(string code) => code switch
    {
        ErrorCodes.Invalid => StatusCodes.Status400BadRequest,
        ErrorCodes.NotFound => StatusCodes.Status404NotFound,
        ErrorCodes.Denied => StatusCodes.Status403Forbidden,
        ErrorCodes.Conflict => StatusCodes.Status409Conflict,
        ErrorCodes.Unavailable => StatusCodes.Status503ServiceUnavailable,
        _ => throw new UnreachableException($"no HTTP status for {code}"),
    };

    /// <summary>Null: the exception is none that the API foresees; it becomes a 500 and is logged.</summary>
    public static ApiError? ErrorOf(Exception exception) => exception switch
    {
        RefusedException e => e.Error,
        BadHttpRequestException e => new ApiError(ErrorCodes.Invalid, Lower(e.Message), e.InnerException is { } why ? [new ErrorDetail("", why.Message)] : []),
        AskTimeoutException => new ApiError(ErrorCodes.Unavailable, "the agent did not answer in time; whether it did it is not known: look, then ask again", []),
        IOException e => new ApiError(ErrorCodes.Unavailable, $"the agent could not read or write: {e.Message}", []),
        _ => null,
    };

    private static string CodeOf(RefusalCode code) => code switch
    {
        RefusalCode.Invalid => ErrorCodes.Invalid,
        RefusalCode.NotFound => ErrorCodes.NotFound,
        RefusalCode.Denied => ErrorCodes.Denied,
        RefusalCode.Conflict => ErrorCodes.Conflict,
        RefusalCode.Unavailable => ErrorCodes.Unavailable,
        _ => throw new UnreachableException($"no error code for {code}"),
    };

    private static string Lower(string message) => message == "" ? message : char.ToLowerInvariant(message[0]) + message[1..];
}
