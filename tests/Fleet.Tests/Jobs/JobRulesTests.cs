using Fleet.Jobs;
using Fleet.Privileges;
using Fleet.Processes;
using static Fleet.Tests.Jobs.Sample;

namespace Fleet.Tests.Jobs;

public class JobRulesTests
{
    [Fact]
    public void The_smallest_job_breaks_no_rule() => Assert.Equal("", Mistakes(Process));

    [Fact]
    public void A_job_has_a_process() => Assert.Equal("processes: a job has at least one process; name one under processes", Mistakes(Job()));

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(1001, 1)]
    public void A_job_has_at_most_a_thousand_processes(int count, int mistakes) =>
        Assert.Equal(mistakes, JobRules.Check(Job([.. Enumerable.Range(0, count).Select(i => Process with { Name = $"p{i}" })]), "/var/vcap").Length);

    [Fact]
    public void Names_are_unique_but_for_their_case() => Assert.Equal(
        "processes[2].name: process names are unique in a job, and processes[0] is named 'web' already; rename one",
        Mistakes(Job(Process, Process with { Name = "Web" }, Process)));

    [Theory]
    [InlineData("capability:NET_ADMIN", false)]
    [InlineData(null, true)]
    public void No_command_is_run_inside_a_process_beyond_the_baseline(string? privilege, bool valid) => Valid(
        Process with
        {
            Health = new HealthCheck { Probe = new HealthProbe.Exec(["/bin/true"]) },
            Privileges = PrivilegeText.TryParse(privilege, out var asked) ? [asked] : [],
        },
        valid,
        "processes[0].health.exec");

    [Theory]
    [InlineData("web worker.1_é", true)]
    [InlineData("a/b", false)]
    [InlineData("a:b", false)]
    [InlineData("..", false)]
    [InlineData("", false)]
    [InlineData("a\nb", false)]
    public void A_name_can_be_part_of_a_path(string name, bool valid) => Valid(Process with { Name = name }, valid, "processes[0].name");

    [Theory]
    [InlineData(null, true)]
    [InlineData("/", true)]
    [InlineData("/var/vcap/../x", true)]
    [InlineData("tmp", false)]
    public void A_working_directory_is_absolute(string? path, bool valid) => Valid(Process with { Workdir = path }, valid, "processes[0].workdir");

    [Theory]
    [InlineData(null, true)]
    [InlineData("/bin/pre", true)]
    [InlineData("pre", false)]
    public void A_hook_is_absolute(string? path, bool valid) => Valid(Process with { Hooks = new Hooks(path) }, valid, "processes[0].hooks.pre_start");

    [Theory]
    [InlineData("A", true)]
    [InlineData("a.b c", true)]
    [InlineData("", false)]
    [InlineData("A=B", false)]
    public void A_variable_has_a_name_that_an_environment_can_hold(string name, bool valid) =>
        Valid(Process with { Env = Process.Env.Add(name, new EnvValue.Plain("")) }, valid, $"processes[0].env.{name}");

    [Theory]
    [InlineData("NET_ADMIN", true)]
    [InlineData("CHECKPOINT_RESTORE", true)]
    [InlineData("CAP_NET_ADMIN", false)]
    [InlineData("FOO", false)]
    public void A_capability_is_one_of_Linux(string name, bool valid) => Valid(Process with { Capabilities = [name] }, valid, "processes[0].capabilities[0]");

    [Fact]
    public void Capabilities_without_number_are_one_mistake() =>
        Valid(Process with { Capabilities = [.. Enumerable.Repeat("FOO", 101)] }, false, "processes[0].capabilities");

    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(65535, 65535, true)]
    [InlineData(65536, 0, false)]
    [InlineData(-1, 0, false)]
    public void An_id_lies_in_the_slice_of_a_job(int uid, int gid, bool valid) => Valid(Process with { User = new UserIds(uid, gid) }, valid, "processes[0].user.uid");

    [Theory]
    [InlineData(1L, 1L, true)]
    [InlineData(null, -1L, true)]
    [InlineData(null, 0L, false)]
    [InlineData(null, -2L, false)]
    public void A_limit_of_processes_is_positive_or_none(long? memory, long? processes, bool valid) =>
        Valid(Process with { Limits = new Limits { Memory = memory, Processes = processes } }, valid, "processes[0].limits.processes");

    [Theory]
    [InlineData(0L, false)]
    [InlineData(-1L, false)]
    [InlineData(1L, true)]
    public void A_limit_of_memory_is_positive(long memory, bool valid) => Valid(Process with { Limits = new Limits { Memory = memory } }, valid, "processes[0].limits.memory");

    [Theory]
    [InlineData("0.01", true)]
    [InlineData("1024", true)]
    [InlineData("0.009", false)]
    [InlineData("1024.1", false)]
    public void A_limit_of_cpu_is_in_its_range(string cpu, bool valid) =>
        Valid(Process with { Limits = new Limits { Cpu = decimal.Parse(cpu, System.Globalization.CultureInfo.InvariantCulture) } }, valid, "processes[0].limits.cpu");

    [Theory]
    [InlineData(1, 1, 0, null, "")]
    [InlineData(86_400, 86_400, 86_400, 1, "")]
    [InlineData(0, 1, 0, null, "initial")]
    [InlineData(86_401, 86_401, 0, null, "initial max")]
    [InlineData(2, 1, 0, null, "max")]
    [InlineData(1, 1, 86_401, null, "stable_after")]
    [InlineData(1, 1, 0, 0, "max_attempts")]
    public void A_restart_policy_neither_spins_nor_sleeps_for_ever(int initial, int max, int stable, int? attempts, string wrong)
    {
        var restart = new RestartPolicy
        {
            Initial = TimeSpan.FromSeconds(initial), Max = TimeSpan.FromSeconds(max), StableAfter = TimeSpan.FromSeconds(stable), MaxAttempts = attempts,
        };

        Assert.Equal(wrong, string.Join(' ', JobRules.Check(Job(Process with { Restart = restart }), "/var/vcap").Select(m => m.Path["processes[0].restart.".Length..])));
    }

    [Theory]
    [InlineData(1, "/", true)]
    [InlineData(65535, "/health?x=%20", true)]
    [InlineData(0, "/", false)]
    [InlineData(65536, "/", false)]
    [InlineData(80, "health", false)]
    [InlineData(80, "/a b", false)]
    [InlineData(80, "/a\r\nHost: x", false)]
    public void A_http_probe_is_one_request_line(int port, string path, bool valid) =>
        Assert.Equal(valid, Mistakes(Process with { Health = new HealthCheck { Probe = new HealthProbe.Http(port, path) } }).Length == 0);

    [Fact]
    public void A_probe_runs_a_program() => Valid(Process with { Health = new HealthCheck { Probe = new HealthProbe.Exec([]) } }, false, "processes[0].health.exec");

    [Fact]
    public void A_health_check_has_times_and_counts_in_range() => Assert.Equal(
        "interval timeout grace failures",
        string.Join(' ', JobRules.Check(
            Job(Process with
            {
                Health = new HealthCheck
                {
                    Probe = new HealthProbe.Tcp(1), Interval = TimeSpan.Zero, Timeout = TimeSpan.Zero, Grace = TimeSpan.FromDays(2), Failures = 0,
                },
            }),
            "/var/vcap").Select(m => m.Path["processes[0].health.".Length..])));

    [Theory]
    [InlineData("/var/log", true)]
    [InlineData("/var/log/../..", false)]
    [InlineData("/var/log/", false)]
    public void A_privilege_names_a_canonical_path(string path, bool valid) =>
        Valid(Process with { Privileges = [new Privilege.UnrestrictedVolume(path, false, false)] }, valid, "processes[0].privileges[0]");

    [Fact]
    public void All_mistakes_of_all_processes_are_told() => Assert.Equal(
        ["processes[0].executable", "processes[1].workdir", "files[0].path"],
        JobRules.Check(
            new JobSpec(JobId.Parse("shop"), [Process with { Executable = "" }, Process with { Name = "b", Workdir = "x" }], [new JobFile("/x", 0, Digest.Of(""))]),
            "/var/vcap").Select(m => m.Path));

    private static void Valid(ProcessSpec process, bool valid, string path) =>
        Assert.Equal(valid ? [] : new[] { path }, JobRules.Check(Job(process), "/var/vcap").Select(m => m.Path).ToArray());
}
