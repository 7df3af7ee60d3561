using System.Diagnostics;
using Akka.Actor;
using Fleet.Client.Api;
using Microsoft.AspNetCore.Http;

namespace Fleet.Host.Api;

/// <summary>The one place where an error becomes an HTTP status, and an exception an error.</summary>
public static class ProblemMapping
{
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

    private static string Lower(string message) => message == "" ? message : char.ToLowerInvariant(message[0]) + message[1..];
}
