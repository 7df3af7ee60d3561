using Fleet.Client.Linux;
using Fleet.Host.Linux;
using Fleet.Host.Sandboxes;
using Fleet.Jobs;
using Fleet.Sandboxes;

namespace Fleet.Host.Tests.Sandboxes;

/// <summary>The small parts that sandboxes are started with.</summary>
public sealed class HelperTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fleet-helpers-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_program_that_leaves_its_output_to_a_daemon_answers_in_its_time()
    {
        var before = Environment.TickCount64;
        var result = await new Command("/bin/sh", "-c", "echo $$; sleep 20 & exit 0") { Timeout = TimeSpan.FromSeconds(1) }.Run();
        Assert.Equal(0, result.ExitCode);
        Assert.NotEmpty(result.Output);
        Assert.InRange(Environment.TickCount64 - before, 0, 10_000);
    }

    [Fact]
    public async Task A_gate_that_nobody_opens_executes_nothing()
    {
        var gate = new Command("/bin/sh", "-c", Scripts.Gate, "sh", "/bin/sh", "-c", "echo ran; read -r line || exit 7");
        Assert.Equal((1, ""), await gate.Run() is { } shut ? (shut.ExitCode, shut.Output) : default);
        Assert.Equal((7, "ran\n"), await (gate with { Input = _ => Task.FromResult(Scripts.Go) }).Run() is { } open ? (open.ExitCode, open.Output) : default);
    }

    [Fact]
    public async Task What_fails_to_give_a_program_its_input_is_told_after_the_programs_end()
    {
        var cat = new Command("/bin/cat") { Input = _ => throw new IOException("no input") };
        Assert.Equal("no input", (await Assert.ThrowsAsync<IOException>(() => cat.Run())).Message);
    }

    [Theory]
    [InlineData("/usr/bin/crun", "crun")]
    [InlineData("/usr/sbin/runc", "runc")]
    [InlineData("/opt/runc.amd64", "runc")]
    [InlineData("/opt/crun/youki", null)]
    [InlineData("runc", null)]
    public void A_runtime_is_known_by_its_files_name(string path, string? name) => Assert.Equal(name, OciRuntime.NameOf(path));

    [Fact]
    public async Task A_lock_is_for_one_at_a_time_and_forgotten_after()
    {
        var locks = new KeyedLock<string>();
        var (inside, most) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(async () =>
        {
            using var held = await locks.Hold("a");
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await Task.Delay(1);
            Interlocked.Decrement(ref inside);
        })));
        Assert.Equal((1, 0), (most, locks.Count));
    }

    [Fact]
    public async Task Of_a_job_there_are_starts_at_once_or_a_return_and_other_jobs_do_not_wait()
    {
        var turns = new JobTurns();
        var (web, other) = (JobId.Parse("web"), JobId.Parse("other"));
        var first = await turns.Start(web);
        (await turns.Start(web)).Dispose();
        Assert.Null(await turns.TryReturn(web));
        first.Dispose();
        var back = await turns.TryReturn(web);
        Assert.NotNull(back);
        var start = turns.Start(web);
        (await turns.Start(other)).Dispose();
        Assert.False(start.IsCompleted);
        back.Dispose();
        using var second = await start;
        Assert.Null(await turns.TryReturn(web));
    }

    [Theory]
    [InlineData("trusted/link", true)]
    [InlineData("trusted/link/trap", false)]
    [InlineData("open/trap", false)]
    public void A_link_is_followed_while_only_root_and_the_agent_decide(string path, bool followed)
    {
        Directory.CreateDirectory($"{folder}/trusted");
        Directory.CreateDirectory($"{folder}/open");
        File.CreateSymbolicLink($"{folder}/trusted/link", $"{folder}/open");
        File.CreateSymbolicLink($"{folder}/open/trap", "/etc");
        File.SetUnixFileMode($"{folder}/open", (UnixFileMode)0x1FF);
        if (followed)
        {
            Assert.Equal($"{folder}/open", TrustedPath.Resolve($"{folder}/{path}"));
            Assert.False(TrustedPath.IsOurs($"{folder}/{path}"));
        }
        else
        {
            Assert.Throws<StartRefused>(() => TrustedPath.Resolve($"{folder}/{path}"));
        }
    }

    [Theory]
    [InlineData(Errno.ENOSPC, StartFailureCode.DiskFull)]
    [InlineData(Errno.ELOOP, StartFailureCode.FilesRefused)]
    [InlineData(24, StartFailureCode.RuntimeFailed)] // EMFILE
    [InlineData(5, StartFailureCode.RuntimeFailed)] // EIO
    public void Only_what_the_next_try_would_meet_again_is_lasting(int errno, StartFailureCode code) =>
        Assert.Equal(code, StartFailures.Of(new IOException("x", errno), TimeSpan.FromSeconds(1), cancelled: false).Code);

    [Fact]
    public void What_nobody_foresaw_is_tried_again() =>
        Assert.Equal(StartFailureCode.RuntimeFailed, StartFailures.Of(new FormatException("odd"), TimeSpan.FromSeconds(1), cancelled: false).Code);
}
