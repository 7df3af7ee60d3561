using System.Net.Sockets;
using Fleet.Client.Linux;

namespace Fleet.Host.Tests.Whole;

/// <summary>Servers from Debian, unpacked and not installed, as jobs of the real program: demo/jobs with ports of the tests' own.</summary>
[Collection("host init")]
public class RealServerTests
{
    private static readonly string Repository = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../../../.."));

    [SkippableFact]
    public async Task Redis_nginx_and_postgres_serve_and_outlive_their_agent()
    {
        await using var host = await WholeHost.Start();
        foreach (var server in new[] { "redis", "nginx", "postgres" })
        {
            await Unpack(server, host);
            var run = await host.Run(Demo(server));
            Assert.True(run.Succeeded, $"{server}: {run.Error}{(await host.Fleet("job", "logs", server, "--stderr")).Output}");
            Assert.Contains("healthy", run.Error, StringComparison.Ordinal);
        }

        Assert.Equal("+OK", await Redis("SET fleet 1"));
        var before = await host.Pids();
        await host.KillAgent();
        Assert.Equal("$1", await Redis("GET fleet"));
        await host.StartAgent();
        Assert.Equal(before, await host.Pids());
        Assert.Equal(["process.starting.v1", "process.started.v1", "process.health_changed.v1"], await host.Events("redis:redis"));

        new Command("kill", "-9", $"{before["redis:redis"]}").Run().Wait();
        await WholeHost.Until("redis is back with its data", async () => await Redis("GET fleet") == "$1");
        Assert.Contains("process.exited.v1", await host.Events("redis:redis"));
        Assert.Contains("GET / HTTP", await Get("/", 28080) + (await host.Fleet("job", "logs", "nginx")).Output, StringComparison.Ordinal);
        await host.Fleet("job", "stop", "postgres");
        await WholeHost.Until("PostgreSQL has stopped", async () => !(await host.Pids()).ContainsKey("postgres:postgres"));
        Assert.Contains("shut down", (await host.Fleet("job", "logs", "postgres", "--stderr")).Output, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task Over_runc_jobs_are_probed_rotated_and_taken_up_and_leave_nothing()
    {
        await using var host = await WholeHost.Start("sandbox.runtime = /usr/sbin/runc, job-logs.max-size = 64KiB");
        await Unpack("redis", host);
        const string Ping = "exec: [/var/vcap/packages/redis/usr/bin/redis-cli, -p, 26379, PING]";
        var run = await host.Run(Demo("redis").Replace("tcp: {port: 26379}", Ping, StringComparison.Ordinal));
        Assert.True(run.Succeeded, $"{run.Error}{(await host.Fleet("job", "logs", "redis", "--stderr")).Output}");
        Assert.Contains("healthy", run.Error, StringComparison.Ordinal);
        Assert.True((await host.Run("job: count\nprocesses:\n- {name: count, executable: /bin/sh, args: [-c, seq 1 20000; exec sleep 600]}\n")).Succeeded);
        Assert.Equal(2, Directory.GetFiles(host.Paths.Runtime, "state.json", SearchOption.AllDirectories).Length); // runc's; crun's is "status"

        Assert.Equal("+OK", await Redis("SET fleet 1"));
        var before = await host.Pids();
        await host.KillAgent();
        Assert.Equal("$1", await Redis("GET fleet"));
        await host.StartAgent();
        Assert.Equal(before, await host.Pids());
        Assert.Equal(["process.starting.v1", "process.started.v1", "process.health_changed.v1"], await host.Events("redis:redis"));

        var log = $"{host.Paths.Bosh}/sys/log/count/count.stdout.log";
        await WholeHost.Until("the log is rotated and has every line", async () => File.Exists($"{log}.1")
            && (await File.ReadAllTextAsync($"{log}.1") + await File.ReadAllTextAsync(log)) == string.Concat(Enumerable.Range(1, 20000).Select(n => $"{n}\n")));

        Assert.True((await host.Fleet("job", "stop", "redis")).Succeeded);
        Assert.True((await host.Fleet("job", "stop", "count")).Succeeded);
        string[] folders = [host.Paths.Runtime, host.Paths.Sandboxes, host.Paths.Exits];
        await WholeHost.Until("nothing of the runs is left", () => Task.FromResult(!folders.SelectMany(Directory.GetFileSystemEntries).Any()));
        Assert.Contains("bye bye", (await host.Fleet("job", "logs", "redis")).Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/proc/{before["redis:redis"]}"));
    }

    [SkippableFact]
    public async Task Two_processes_of_a_job_run_beside_a_job_that_crash_loops()
    {
        await using var host = await WholeHost.Start();
        Assert.True((await host.Run(Demo("pair"))).Succeeded);
        Assert.True((await host.Run(Demo("crashloop"), "--detach")).Succeeded);
        Assert.Equal(["pair:reader", "pair:writer"], (await host.Pids()).Keys.Where(p => p.StartsWith("pair:", StringComparison.Ordinal)).Order());
        await WholeHost.Until("it is called a crash loop", async () => (await host.Fleet("host", "processes")).Output.Contains("crash", StringComparison.Ordinal));
    }

    private static string Demo(string job) => File.ReadAllText($"{Repository}/demo/jobs/{job}.yml")
        .Replace("16379", "26379", StringComparison.Ordinal).Replace("18080", "28080", StringComparison.Ordinal).Replace("15432", "25432", StringComparison.Ordinal);

    private static async Task Unpack(string server, WholeHost host)
    {
        var unpacked = await new Command($"{Repository}/build/unpack-package.sh", server, host.Paths.Bosh)
        {
            Timeout = TimeSpan.FromMinutes(5),
            Env = new Dictionary<string, string> { ["HOME"] = "/root" },
        }.Run();
        Assert.True(unpacked.Succeeded, unpacked.Error);
    }

    private static async Task<string?> Redis(string command) => (await Talk(26379, $"{command}\r\n"))?.Split('\r')[0];

    private static async Task<string?> Get(string path, int port) => await Talk(port, $"GET {path} HTTP/1.0\r\n\r\n");

    private static async Task<string?> Talk(int port, string say)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync("127.0.0.1", port);
            await client.GetStream().WriteAsync(System.Text.Encoding.ASCII.GetBytes(say));
            var answer = new byte[4096];
            return System.Text.Encoding.ASCII.GetString(answer, 0, await client.GetStream().ReadAsync(answer));
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return null;
        }
    }
}
