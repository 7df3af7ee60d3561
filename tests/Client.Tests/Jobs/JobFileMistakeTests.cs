using Fleet.Client.Jobs;

namespace Fleet.Client.Tests.Jobs;

/// <summary>Each kind of mistake in a file that is YAML: its line, its column, its words.</summary>
public class JobFileMistakeTests
{
    [Theory]
    [InlineData("limtis: {}", "2:29: processes[0].limtis: unknown key 'limtis'; did you mean 'limits'?")]
    [InlineData("limits: {memroy: 1G}", "2:38: processes[0].limits.memroy: unknown key 'memroy'; did you mean 'memory'?")]
    [InlineData("unsafe: {x: 1}", "2:38: processes[0].unsafe.x: unknown key 'x'; known are: privileged, unrestricted_volumes, host_pid_namespace")]
    [InlineData("ephemeral_disk: \"true\"", "2:45: processes[0].ephemeral_disk: expected true or false, without quotes; got the text 'true'")]
    [InlineData("ephemeral_disk: 1", "2:45: processes[0].ephemeral_disk: expected true or false, without quotes; got '1'")]
    [InlineData("limits: {open_files: -1}", "2:50: processes[0].limits.open_files: expected a whole number from 0 to 18446744073709551615, without quotes; got '-1'")]
    [InlineData("limits: {open_files: \"100\"}", "2:50: processes[0].limits.open_files: expected a whole number from 0 to 18446744073709551615, without quotes; got the text '100'")]
    [InlineData("limits: {open_files: 100.5}", "2:50: processes[0].limits.open_files: expected a whole number from 0 to 18446744073709551615, without quotes; got '100.5'")]
    [InlineData("limits: {processes: -2}", "2:49: processes[0].limits.processes: a limit of processes is at least 1, or -1 for none; got -2")]
    [InlineData("limits: {memory: 100}", "2:46: processes[0].limits.memory: a memory limit is a number and a unit, such as 512M or 1.5G, and less than 8E; got '100'")]
    [InlineData("limits: {memory: 9E}", "2:46: processes[0].limits.memory: a memory limit is a number and a unit, such as 512M or 1.5G, and less than 8E; got '9E'")]
    [InlineData("limits: 5", "2:37: processes[0].limits: expected a map; got '5'")]
    [InlineData("limits: {cpu: 0.001}", "2:43: processes[0].limits.cpu: a cpu limit is from 0.01 to 1024 CPUs; got 0.001")]
    [InlineData("args: --flag", "2:35: processes[0].args: expected a list; got '--flag'")]
    [InlineData("args: [[a]]", "2:36: processes[0].args[0]: expected text; got a list")]
    [InlineData("env: [A=b]", "2:34: processes[0].env: expected a map; got a list")]
    [InlineData("env: {A: {secrets: b, secret: c}}", "2:39: processes[0].env.A.secrets: unknown key 'secrets'; did you mean 'secret'?")]
    [InlineData("env: {A=B: c}", "2:40: processes[0].env.A=B: the name of an environment variable is not empty and has no '='; got 'A=B'")]
    [InlineData("shutdown_signal: HUP", "2:46: processes[0].shutdown_signal: the shutdown signal is TERM or INT (others: write a ladder under stop); got 'HUP'")]
    [InlineData("stop: TERM/soon", "2:35: processes[0].stop: a stop ladder is signals and waits in turn, such as TERM/20s/QUIT/5s/KILL; signals: TERM INT QUIT HUP USR1 USR2 KILL; waits from 0s to 24h; got 'TERM/soon'")]
    [InlineData("restart: sometimes", "2:38: processes[0].restart: restart is always, on-failure or never; got 'sometimes'")]
    [InlineData("restart: {initial: 2m}", "2:38: processes[0].restart.max: the longest delay is at least the first (2m); got 1m")]
    [InlineData("health: {interval: 1s}", "2:37: processes[0].health: a health check has exactly one of exec, http and tcp; got none")]
    [InlineData("health: {tcp: {port: 1}, exec: [a]}", "2:37: processes[0].health: a health check has exactly one of exec, http and tcp; got exec and tcp")]
    [InlineData("health: {tcp: {port: 1}, interval: 10}", "2:64: processes[0].health.interval: expected a duration is a number and one of ms, s, m, h, d, such as 20s; got '10'")]
    [InlineData("health: {tcp: {port: 0}}", "2:50: processes[0].health.tcp.port: a port is from 1 to 65535; got 0")]
    [InlineData("user: www-data", "2:35: processes[0].user: a user is \"UID:GID\" in numbers, or a map with uid and gid; got 'www-data'")]
    [InlineData("user: {uid: 1}", "2:35: processes[0].user.gid: a user has both uid and gid; gid is missing")]
    [InlineData("user: {uid: 70000, gid: 1}", "2:41: processes[0].user.uid: an id inside the sandbox is from 0 to 65535; got 70000")]
    [InlineData("capabilities: [NET_ADMN]", "2:44: processes[0].capabilities[0]: 'NET_ADMN' is not a capability of Linux; did you mean 'NET_ADMIN'?")]
    [InlineData("privileges: [run_as_rot]", "2:42: processes[0].privileges[0]: 'run_as_rot' is not a privilege; did you mean 'run_as_root'?")]
    [InlineData("additional_volumes: [~, {path: data}]", "2:60: processes[0].additional_volumes[0].path: a volume lies within /var/vcap; got 'data': other paths of the host are unsafe.unrestricted_volumes")]
    public void A_mistake_in_a_process_is_told_with_its_place(string key, string expected) =>
        Assert.Equal($"job.yml:{expected}", Example.Mistakes($"processes:\n- {{name: a, executable: /a, {key}}}\n"));

    [Theory]
    [InlineData("processes:", "1:1: processes: a job has at least one process; name one under processes")]
    [InlineData("processes: [~]", "1:13: processes[0]: a process is a map with a name and an executable; got nothing (null)")]
    [InlineData("processes: {a: {}}", "1:12: processes: expected a list; got a map")]
    [InlineData("processes: [{executable: /a}]", "1:13: processes[0].name: a process name has 1 to 64 printable characters and no '/' or ':', and is neither '.' nor '..'; got ''")]
    [InlineData("processes: [{name: a}]", "1:13: processes[0].executable: a process has an executable: its path inside the sandbox")]
    [InlineData("processes: [{name: a, executable: /a}, {name: a, executable: /b}]", "1:47: processes[1].name: process names are unique in a job, and processes[0] is named 'a' already; rename one")]
    [InlineData("procesess: []\nprocesses: [{name: a, executable: /a}]", "1:1: procesess: unknown key 'procesess'; did you mean 'processes'?")]
    [InlineData("rollout: {}\nprocesses: [{name: a, executable: /a}]", "1:1: rollout: 'rollout' is not supported yet on a single host; remove it")]
    [InlineData("namespace: a b\nprocesses: [{name: a, executable: /a}]", "1:12: namespace: namespace and name have 1 to 63 characters of A-Z a-z 0-9 _ . - and start with a letter or digit; got 'a b/sample'")]
    [InlineData("files: [{path: ../x, content: y}]\nprocesses: [{name: a, executable: /a}]", "1:16: files[0].path: a file's path is relative to the job's folder, canonical, without '..', of at most 512 characters and names of 255 bytes; got '../x'")]
    [InlineData("files: [{path: x, content: y, mode: rw}]\nprocesses: [{name: a, executable: /a}]", "1:37: files[0].mode: a mode is octal permission bits from \"0000\" to \"0777\"; got 'rw'")]
    [InlineData("files: [{path: x}]\nprocesses: [{name: a, executable: /a}]", "1:9: files[0].content: a file has content: its text (\"\" for an empty file)")]
    public void A_mistake_in_a_job_is_told_with_its_place(string yaml, string expected) => Assert.Equal($"job.yml:{expected}", Example.Mistakes(yaml));

    [Fact]
    public void All_mistakes_are_told_at_once_in_the_order_of_the_file()
    {
        const string Yaml = """
            colour: red
            processes:
            - name: a/b
              executabel: /a
              ephemeral_disk: maybe
              health: {exec: [a], tcp: {prot: 1}, failures: 0}
            - null
            """;

        Assert.Equal(
            """
            job.yml:1:1: colour: unknown key 'colour'; known are: job, namespace, processes, files
            job.yml:3:3: processes[0].executable: a process has an executable: its path inside the sandbox
            job.yml:3:9: processes[0].name: a process name has 1 to 64 printable characters and no '/' or ':', and is neither '.' nor '..'; got 'a/b'
            job.yml:4:3: processes[0].executabel: unknown key 'executabel'; did you mean 'executable'?
            job.yml:5:19: processes[0].ephemeral_disk: expected true or false, without quotes; got 'maybe'
            job.yml:6:11: processes[0].health: a health check has exactly one of exec, http and tcp; got exec and tcp
            job.yml:6:29: processes[0].health.tcp.prot: unknown key 'prot'; did you mean 'port'?
            job.yml:7:3: processes[1]: a process is a map with a name and an executable; got nothing (null)
            """,
            Example.Mistakes(Yaml));
    }

    [Fact]
    public void A_job_without_a_name_says_how_to_give_one() => Assert.Equal(
        "job.yml:1:1: job: the job has no name; write it under job, or give it with --name",
        Example.Mistakes("processes: [{name: a, executable: /a}]", new JobFileOptions()));

    [Fact]
    public void A_wrong_name_on_the_command_line_is_told_there() => Assert.StartsWith(
        "--name:1:1: job: namespace and name have 1 to 63 characters",
        Example.Mistakes("processes: [{name: a, executable: /a}]", new JobFileOptions { Name = "../x" }));
}
