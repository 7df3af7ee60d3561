using System.Net.Sockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Fleet.Client.Api;

namespace Fleet.Client.Cli;

/// <summary>The API's other end. All methods throw <see cref="CliException"/> for what the agent refuses, and where no agent answers.</summary>
internal sealed class ApiClient(string socket) : IDisposable
{
    private readonly HttpMessageInvoker http = new(new SocketsHttpHandler
    {
        ConnectCallback = (_, _) => new ValueTask<Stream>(Connect(socket)),
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,

        // Without it, no tracing is set up for the one request that most commands make.
        ActivityHeadersPropagator = null,
    });

    public static string Path(Fleet.Jobs.JobId job, string rest = "") => $"/v1/jobs/{job.Namespace}/{job.Name}{rest}";

    public Task<T> Get<T>(string path, JsonTypeInfo<T> json, CancellationToken cancel)
    {
        using var response = Send(new HttpRequestMessage(HttpMethod.Get, Uri(path)), cancel);
        return Task.FromResult(Read(response, json));
    }

    /// <summary>What is no JSON.</summary>
    public string Text(string path, CancellationToken cancel)
    {
        using var response = Send(new HttpRequestMessage(HttpMethod.Get, Uri(path)), cancel);
        using var reader = new StreamReader(response.Content.ReadAsStream(cancel));
        return reader.ReadToEnd();
    }

    public Task<T> Post<T>(string path, JsonTypeInfo<T> json, CancellationToken cancel) => Post(path, [], json, cancel);

    public Task<T> Post<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyJson, JsonTypeInfo<T> json, CancellationToken cancel) =>
        Post(path, JsonSerializer.SerializeToUtf8Bytes(body, bodyJson), json, cancel);

    /// <summary>One item per line, as they come.</summary>
    public IAsyncEnumerable<T> Stream<T>(string path, JsonTypeInfo<T> json, CancellationToken cancel) => Items(new HttpRequestMessage(HttpMethod.Get, Uri(path)), json, cancel);

    /// <summary>The same, of what is asked to be done.</summary>
    public IAsyncEnumerable<T> Stream<TBody, T>(string path, TBody body, JsonTypeInfo<TBody> bodyJson, JsonTypeInfo<T> json, CancellationToken cancel) =>
        Items(Posted(path, JsonSerializer.SerializeToUtf8Bytes(body, bodyJson)), json, cancel);

    private async IAsyncEnumerable<T> Items<T>(HttpRequestMessage request, JsonTypeInfo<T> json, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var response = Send(request, cancel);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        while (await Line(reader, cancel) is { } line)
        {
            yield return Item(line, json);
        }
    }

    private static T Item<T>(string line, JsonTypeInfo<T> json)
    {
        try
        {
            return line.StartsWith("{\"error\":", StringComparison.Ordinal)
                ? throw new CliException(JsonSerializer.Deserialize(line, ApiJson.Default.ErrorReply)!.Error)
                : JsonSerializer.Deserialize(line, json)!;
        }
        catch (JsonException)
        {
            throw new CliException(ErrorCodes.Unavailable, "who answers is no agent of Fleet, or one of another version");
        }
    }

    private static async Task<string?> Line(StreamReader reader, CancellationToken cancel)
    {
        try
        {
            return await reader.ReadLineAsync(cancel);
        }
        catch (HttpIOException)
        {
            throw new CliException(ErrorCodes.Unavailable, "the agent ended in the middle of its answer; ask again when it is back");
        }
    }

    public void Dispose() => http.Dispose();

    private static Uri Uri(string path) => new($"http://fleet{path}");

    private Task<T> Post<T>(string path, byte[] body, JsonTypeInfo<T> json, CancellationToken cancel)
    {
        using var response = Send(Posted(path, body), cancel);
        return Task.FromResult(Read(response, json));
    }

    private static HttpRequestMessage Posted(string path, byte[] body)
    {
        var content = new ByteArrayContent(body);
        content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        var request = new HttpRequestMessage(HttpMethod.Post, Uri(path)) { Content = content };

        // A body that may be refused for its size: the agent answers before it is sent, else the connection would break in the middle.
        request.Headers.ExpectContinue = body.Length > 1 << 20;
        return request;
    }

    // Synchronous below: a command makes one request, and has nothing else to do.
    private HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancel)
    {
        using var _ = request;
        try
        {
            var response = http.Send(request, cancel);
            return response.IsSuccessStatusCode ? response : throw new CliException(ErrorOf(response));
        }
        catch (HttpRequestException e)
        {
            var denied = (e.InnerException as SocketException)?.SocketErrorCode == SocketError.AccessDenied;
            throw new CliException(denied ? ErrorCodes.Denied : ErrorCodes.Unavailable, Unreachable(e));
        }
    }

    private static T Read<T>(HttpResponseMessage response, JsonTypeInfo<T> json) => Understood(response, stream => JsonSerializer.Deserialize(stream, json)!);

    private static T Understood<T>(HttpResponseMessage response, Func<Stream, T> read)
    {
        using var stream = response.Content.ReadAsStream();
        try
        {
            return read(stream);
        }
        catch (JsonException)
        {
            throw new CliException(ErrorCodes.Unavailable, $"who answers is no agent of Fleet, or one of another version: HTTP status {(int)response.StatusCode}");
        }
    }

    private static ApiError ErrorOf(HttpResponseMessage response)
    {
        using var _ = response;
        return Read(response, ApiJson.Default.ErrorReply).Error;
    }

    private string Unreachable(HttpRequestException e) => (e.InnerException as SocketException)?.SocketErrorCode switch
    {
        SocketError.AccessDenied => $"you may not use the agent at unix:{socket}: become root, or a member of the group fleet",
        SocketError.AddressNotAvailable or SocketError.ConnectionRefused =>
            $"no agent answers at unix:{socket}: start one ('fleet up'), or name another with --address or {Address.Variable}",
        _ => $"the agent at unix:{socket} cannot be reached: {e.InnerException?.Message ?? e.Message}",
    };

    private static NetworkStream Connect(string socket)
    {
        var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            connection.Connect(new UnixDomainSocketEndPoint(socket));
            return new NetworkStream(connection, ownsSocket: true);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
