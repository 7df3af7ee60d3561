using Fleet.Client.Api;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Host.Api;

/// <summary>Everything that is not answered as asked is answered with an <see cref="ErrorReply"/>.</summary>
internal static class ErrorsAsJson
{
    public static async Task Invoke(HttpContext http, RequestDelegate next)
    {
        try
        {
            await next(http);
            await AnswerBare(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone: nobody is left to be answered.
        }
        catch (Exception e) when (!http.Response.HasStarted)
        {
            await Answer(http, e);
        }
    }

    // What ASP.NET itself answers with a status alone.
    private static Task AnswerBare(HttpContext http) => (http.Response.HasStarted, http.Response.StatusCode) switch
    {
        (false, StatusCodes.Status400BadRequest) =>
            Write(http, 400, new ApiError(ErrorCodes.Invalid, $"{http.Request.Path}{http.Request.QueryString} has a value of the wrong kind: see /openapi/v1.json", [])),
        (false, StatusCodes.Status404NotFound) =>
            Write(http, 404, new ApiError(ErrorCodes.NotFound, $"there is no {http.Request.Path} here: see /openapi/v1.json", [])),
        (false, StatusCodes.Status405MethodNotAllowed) =>
            Write(http, 405, new ApiError(ErrorCodes.Invalid, $"{http.Request.Path} does not know {http.Request.Method}: see /openapi/v1.json", [])),
        (false, StatusCodes.Status413PayloadTooLarge) =>
            Write(http, 413, new ApiError(ErrorCodes.Invalid, $"a body has at most {ApiServer.MaxBody} bytes", [])),
        (false, StatusCodes.Status415UnsupportedMediaType) =>
            Write(http, 415, new ApiError(ErrorCodes.Invalid, "a body is JSON, with the content type application/json", [])),
        _ => Task.CompletedTask,
    };

    private static Task Answer(HttpContext http, Exception exception)
    {
        if (ProblemMapping.ErrorOf(exception) is { } known)
        {
            return Write(http, (exception as BadHttpRequestException)?.StatusCode ?? ProblemMapping.StatusOf(known.Code), known);
        }

        http.RequestServices.GetService<ILoggerFactory>()?.CreateLogger("Fleet.Api").LogError(exception, "{Path} failed", http.Request.Path);
        return Write(http, 500, new ApiError(ErrorCodes.Unavailable, $"the agent has a defect: {exception.Message}; its log has more", []));
    }

    private static Task Write(HttpContext http, int status, ApiError error)
    {
        http.Response.Clear();
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new ErrorReply(error), ApiJson.Default.ErrorReply);
    }
}
