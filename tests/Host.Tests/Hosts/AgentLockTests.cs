using System.Diagnostics;
using Fleet.Client.Linux;
using Fleet.Host.Hosts;
using Fleet.Host.Linux;
using Fleet.Hosts;

namespace Fleet.Host.Tests.Hosts;

public sealed class AgentLockTests : IDisposable
{
    private readonly HostPaths paths = new(Directory.CreateTempSubdirectory("fleet-lock-").FullName, "/none");

    public void Dispose() => Directory.Delete(paths.State, recursive: true);

    [Fact]
    public void Two_agents_on_one_folder_are_refused_with_the_others_pid()
    {
        using var first = AgentLock.Acquire(paths);
        Assert.Equal(Environment.ProcessId, AgentProcess.Find(paths));
        var refused = Assert.Throws<AgentRefusedException>(() => AgentLock.Acquire(paths));
        Assert.Contains($"{paths.State} has the agent with pid {Environment.ProcessId}", refused.Message);
    }

    [Fact]
    public void A_released_folder_can_be_taken_again()
    {
        AgentLock.Acquire(paths).Dispose();
        using var second = AgentLock.Acquire(paths);
        Assert.Equal(Environment.ProcessId, AgentProcess.Find(paths));
    }

    [Fact]
    public async Task A_job_that_the_agent_started_does_not_hold_the_folder()
    {
        var first = AgentLock.Acquire(paths);
        var job = new Command("sleep", "1").Run();
        first.Dispose();
        AgentLock.Acquire(paths).Dispose();
        Assert.True((await job).Succeeded);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1 12345678901\n")] // another process has the pid by now
    [InlineData("999999999 5\n")]
    public void A_lock_file_that_names_no_living_agent_finds_none(string content)
    {
        File.WriteAllText(paths.Lock, content);
        Assert.Null(AgentProcess.Find(paths));
    }

    [Fact]
    public void A_link_in_place_of_the_lock_is_not_followed()
    {
        File.CreateSymbolicLink(paths.Lock, $"{paths.State}/victim");
        Assert.Throws<AgentRefusedException>(() => AgentLock.Acquire(paths));
        Assert.False(File.Exists($"{paths.State}/victim"));
    }

    [SkippableFact]
    public async Task An_agent_that_only_says_who_it_is_has_the_folder_too()
    {
        using var older = new Command("sleep", "60").Begin();
        File.WriteAllText(paths.Lock, AgentProcess.Line(older.Id));
        Assert.Contains($"has the agent with pid {older.Id}", Assert.Throws<AgentRefusedException>(() => AgentLock.Acquire(paths)).Message);
        older.Kill();
        await older.WaitForExitAsync();
        AgentLock.Acquire(paths).Dispose();
    }

    [Fact]
    public void Two_agents_of_one_user_are_refused_whatever_their_folders()
    {
        using (AgentLock.AcquireUser(Me))
        {
            Assert.Contains("this user runs another agent", Assert.Throws<AgentRefusedException>(() => AgentLock.AcquireUser(Me)).Message);
        }

        AcquiredAgain().Dispose();
    }

    [SkippableFact]
    public async Task Nobody_else_can_keep_an_agent_from_running()
    {
        Skip.IfNot(Environment.UserName == "root", "becoming another user needs root");
        Directory.CreateDirectory(paths.State, (UnixFileMode)0x1ED);
        File.SetUnixFileMode(paths.State, (UnixFileMode)0x1ED);
        AgentLock.Acquire(paths).Dispose();
        Assert.NotEqual(0, (await AsNobody("flock", "--nonblock", paths.Owned, "true")).ExitCode);
        Assert.Equal(0, (await AsNobody("flock", "--nonblock", paths.Lock, "true")).ExitCode);
        const string Squat = "import socket, sys; s = socket.socket(socket.AF_UNIX); s.bind('\\0fleet-agent-' + sys.argv[1]); s.listen(0); full = []\ntry:\n  while len(full) < 9:\n    c = socket.socket(socket.AF_UNIX); c.setblocking(False); full.append(c); c.connect(s.getsockname())\nexcept BlockingIOError: print('there', flush=True)\nsys.stdin.read()";
        using var squatter = new Command("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c", Squat, $"{Me}").Begin();
        Assert.Equal("there", await squatter.StandardOutput.ReadLineAsync());
        AgentLock.AcquireUser(Me).Dispose();
        squatter.Kill();
    }

    // A process that another test starts at this moment has all that this one had open, until it has become its own program.
    private static AgentLock AcquiredAgain()
    {
        for (var since = Stopwatch.StartNew(); ; Thread.Sleep(10))
        {
            try
            {
                return AgentLock.AcquireUser(Me);
            }
            catch (AgentRefusedException) when (since.Elapsed < TimeSpan.FromSeconds(30))
            {
            }
        }
    }

    private static uint Me => Credentials.EffectiveUser();

    private static Task<CommandResult> AsNobody(params string[] command) =>
        new Command("setpriv", ["--reuid=65534", "--regid=65534", "--clear-groups", .. command]).Run();

    [SkippableFact]
    public void Root_is_refused()
    {
        Skip.IfNot(Environment.UserName == "root", "is to be run as root");
        Assert.Contains("ordinary user", Assert.Throws<AgentRefusedException>(AgentUser.RefuseRoot).Message);
    }
}
