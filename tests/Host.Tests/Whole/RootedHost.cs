using System.Diagnostics;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;
using Fleet.Host.Sandboxes;
using Fleet.Host.Tests.Grants;
using Fleet.RootTasks;

namespace Fleet.Host.Tests.Whole;

/// <summary>A whole host with root's own side of it: a policy, people with keys, and the real root helper, which listens as root.</summary>
public sealed class RootedHost : IAsyncDisposable
{
    private readonly WholeHost host;
    private readonly string prefix;
    private Process? helper;

    private RootedHost(WholeHost host, string prefix) => (this.host, this.prefix) = (host, prefix);

    public WholeHost Host => host;

    public People People => new($"{prefix}/etc/fleet");

    public string State => $"{prefix}/var/lib/fleet-root";

    public string Socket => $"{prefix}/run/fleet-root/root.sock";

    public string Alice { get; private set; } = "";

    public string Bob { get; private set; } = "";

    public string Carol { get; private set; } = "";

    /// <summary>Of a policy that wants two approvals by others than who asks.</summary>
    public static async Task<RootedHost> Start()
    {
        Skip.IfNot(File.Exists("/usr/bin/ssh-keygen"), "/usr/bin/ssh-keygen is missing: run build/install-deps.sh");
        var host = await WholeHost.Prepare();

        // Not below /tmp: every folder on the way is to be root's alone.
        var prefix = Directory.CreateDirectory($"/var/lib/fleet-rooted-{Guid.NewGuid():N}"[..30]).FullName;
        var rooted = new RootedHost(host, prefix);
        foreach (var folder in (string[])["etc/fleet/root", "var/lib", "run"])
        {
            Directory.CreateDirectory($"{prefix}/{folder}");
        }

        var people = rooted.People;
        var ids = SubIds.Read(host.User, (uint)rooted.Uid);
        people.WritePolicy(agent: rooted.Uid, jobs: new JobsPolicy(host.Paths.Bosh, ids.FirstUid, ids.FirstGid, ids.Slices, null));
        (rooted.Alice, rooted.Bob, rooted.Carol) = (await people.Join("alice"), await people.Join("bob", "ecdsa"), await people.Join("carol", "rsa"));
        rooted.StartHelper();
        await host.Configure($"root {{ policy = \"{people.Folder}\", socket = \"{rooted.Socket}\" }}");
        await host.StartAgent();
        return rooted;
    }

    public int Uid => (int)Accounts.User(host.User)!.Uid;

    public void StartHelper()
    {
        helper = Process.Start(new ProcessStartInfo(
            Binary(), ["--listen", "--group", Accounts.User(host.User)!.Gid.ToString(CultureInfo.InvariantCulture), "--prefix", prefix]) { RedirectStandardError = true })!;
        Assert.Contains("listening", helper.StandardError.ReadLine() ?? "nothing", StringComparison.Ordinal);
        _ = helper.StandardError.ReadToEndAsync();
    }

    public void KillHelper()
    {
        helper?.Kill();
        helper?.WaitForExit();
        helper?.Dispose();
        helper = null;
    }

    /// <summary>Also of those who are to answer: what comes while it is stopped waits.</summary>
    public Task SignalHelper(string signal) => People.Must(new Command("/bin/kill", "-s", signal, helper!.Id.ToString(CultureInfo.InvariantCulture)));

    /// <summary>The id of a grant for a command that alice has asked for and, unless told otherwise, bob and carol have approved.</summary>
    public async Task<string> Approved(string[] options, string[] command, bool both = true, string on = "host-1")
    {
        var id = (await Must(["root", "request", "--on", on, "--reason", "a test", "--key", Alice, .. options, "--", .. command])).Trim();
        await Must("root", "approve", id, "--key", Bob);
        if (both)
        {
            await Must("root", "approve", id, "--key", Carol);
        }

        return id;
    }

    /// <summary>The id of a grant for a job that alice has asked for, and bob and carol have approved.</summary>
    public async Task<string> ApprovedJob(string file, params string[] options)
    {
        var id = (await Must(["root", "request", "--job", file, "--on", "host-1", "--reason", "a test", "--key", Alice, .. options])).Trim();
        await Must("root", "approve", id, "--key", Bob);
        await Must("root", "approve", id, "--key", Carol);
        return id;
    }

    /// <summary>What somebody who has taken the agent over can do: ask the helper directly. Then makes the agent look.</summary>
    public async Task UseBehindTheAgentsBack(string id)
    {
        var grant = await host.Json("root", "show", id);
        PresentedSignature Of(JsonElement signature) => new(signature.GetProperty("principal").GetString()!, signature.GetProperty("armored").GetString()!);
        var request = RootRequest.Write(new RootRequest.Run(
            [.. Encoding.UTF8.GetBytes(grant.GetProperty("document").GetString()!)], Of(grant.GetProperty("request")), [.. grant.GetProperty("approvals").EnumerateArray().Select(Of)], 1));
        var frame = new byte[RootFrames.HeadLength + request.Length];
        RootFrames.WriteHead(frame, RootFrame.Request, request.Length);
        request.CopyTo(frame, RootFrames.HeadLength);
        var asked = await host.AsUser("/usr/bin/python3", "-c", $"""
            import socket, base64
            s = socket.socket(socket.AF_UNIX)
            s.connect('{Socket}')
            s.sendall(base64.b64decode('{Convert.ToBase64String(frame)}'))
            while s.recv(65536): pass
            """).Run();
        Assert.True(asked.Succeeded, asked.Error);
        await host.KillAgent();
        await host.StartAgent();
    }

    public async Task<string> Must(params string[] args)
    {
        var result = await host.Fleet(args);
        Assert.True(result.Succeeded, $"fleet {string.Join(' ', args)}: {result.Error}");
        return result.Output;
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await host.DisposeAsync();
        }
        finally
        {
            KillHelper();
            Directory.Delete(prefix, recursive: true);
        }
    }

    private static string Binary([CallerFilePath] string here = "")
    {
        var binary = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../artifacts/root-helper/fleet-root-helper"));
        return File.Exists(binary) ? binary : throw new InvalidOperationException($"{binary} is missing: run build/root-helper.sh");
    }
}
