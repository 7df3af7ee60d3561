using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Client.Api;
using Microsoft.AspNetCore.Http;

namespace Fleet.Host.Api;

/// <summary>
/// Answers with one JSON object per line, each sent as soon as the next is not there yet. What goes wrong after the first line is the last line,
/// <c>{"error":...}</c>: the status has been sent by then.
/// </summary>
internal sealed class NdJson<T>(IAsyncEnumerable<T> items, JsonTypeInfo<T> json) : IResult
{
    public async Task ExecuteAsync(HttpContext http)
    {
        http.Response.ContentType = "application/x-ndjson";
        await http.Response.StartAsync(http.RequestAborted);
        try
        {
            await Send(http);
        }
        catch (OperationCanceledException) when (http.RequestAborted.IsCancellationRequested)
        {
            // The caller has gone; that is how following ends.
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            var error = ProblemMapping.ErrorOf(e) ?? new ApiError(ErrorCodes.Unavailable, e.Message, []);
            await Line(http, new ErrorReply(error), ApiJson.Default.ErrorReply);
        }
    }

    private async Task Send(HttpContext http)
    {
        await using var item = items.GetAsyncEnumerator(http.RequestAborted);
        for (var next = item.MoveNextAsync(); ; next = item.MoveNextAsync())
        {
            if (!next.IsCompleted)
            {
                await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
            }

            if (!await next)
            {
                return;
            }

            await Line(http, item.Current, json);
        }
    }

    private static async Task Line<TLine>(HttpContext http, TLine line, JsonTypeInfo<TLine> json)
    {
        http.Response.BodyWriter.Write(JsonSerializer.SerializeToUtf8Bytes(line, json));
        http.Response.BodyWriter.Write("\n"u8);
        if (http.Response.BodyWriter.UnflushedBytes > 32 * 1024)
        {
            await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
        }
    }
}
