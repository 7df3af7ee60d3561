using System.Text;
using Fleet.Client.Jobs;
using Fleet.Jobs;
using Fleet.Processes;

namespace Fleet.Client.Tests.Jobs;

/// <summary>What values mean: as BPM's parser (gopkg.in/yaml.v3) and bytefmt read them.</summary>
public class JobFileValueTests
{
    [Theory]
    [InlineData("[1, 2.5, true, 0x1F, \"q\", yes]", "1|2.5|true|0x1F|q|yes")]
    [InlineData("[a, null, ~, b]", "a|b")]
    [InlineData("['', \"null\"]", "|null")]
    [InlineData("", "")]
    public void Arguments_are_their_literal_text_and_a_null_is_left_out(string yaml, string expected) =>
        Assert.Equal(expected, string.Join('|', Process($"args: {yaml}").Args));

    [Fact]
    public void Values_of_env_are_their_literal_text_and_null_is_empty()
    {
        var env = Process("env: {A: yes, B: 1.0, C: ~, 4: d}").Env;

        Assert.Equal("4=d A=yes B=1.0 C=", string.Join(' ', env.Select(e => $"{e.Key}={((EnvValue.Plain)e.Value).Value}")));
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("yes", true)]
    [InlineData("ON", true)]
    [InlineData("\"yes\"", true)]
    [InlineData("off", false)]
    [InlineData("False", false)]
    [InlineData("", false)]
    public void Booleans_are_the_words_of_YAML_1_1(string yaml, bool expected) => Assert.Equal(expected, Process($"ephemeral_disk: {yaml}").EphemeralDisk);

    [Theory]
    [InlineData("100", 100)]
    [InlineData("100.0", 100)]
    [InlineData("1e5", 100_000)]
    [InlineData("0x10", 16)]
    [InlineData("0o17", 15)]
    [InlineData("017", 15)]
    [InlineData("0b11", 3)]
    [InlineData("1_000", 1000)]
    [InlineData("18446744073709551615", ulong.MaxValue)]
    public void Numbers_are_read_as_BPM_reads_them(string yaml, ulong expected) => Assert.Equal(expected, Process($"limits: {{open_files: {yaml}}}").Limits.OpenFiles);

    [Theory]
    [InlineData("1.5g", 1_610_612_736L)]
    [InlineData("512M", 536_870_912L)]
    [InlineData("1kib", 1024L)]
    [InlineData("100b", 100L)]
    [InlineData("2TB", 2_199_023_255_552L)]
    [InlineData("0M", null)]
    public void Sizes_are_of_base_2_and_zero_is_no_limit(string yaml, long? expected) => Assert.Equal(expected, Process($"limits: {{memory: {yaml}}}").Limits.Memory);

    [Fact]
    public void What_a_file_merges_is_overridden_by_what_it_writes()
    {
        var read = Example.Read("""
            processes:
            - &base {name: a, executable: /a, limits: {memory: 1G}, workdir: /x}
            - {<<: *base, name: b, workdir: /y}
            """).Submission!.Spec;

        Assert.Equal("b /a /y 1073741824", $"{read.Processes[1].Name} {read.Processes[1].Executable} {read.Processes[1].Workdir} {read.Processes[1].Limits.Memory}");
    }

    [Fact]
    public void A_secret_and_the_content_of_a_file_are_not_in_the_specification()
    {
        var submission = Example.Read("processes: [{name: a, executable: /a, env: {PW: {secret: hunter2}}}]\nfiles: [{path: x, content: inside}]").Submission!;
        var json = System.Text.Json.JsonSerializer.Serialize(submission.Spec, FleetJson.Default.JobSpec);

        Assert.DoesNotContain("hunter2", json);
        Assert.DoesNotContain("inside", json);
        Assert.Equal("hunter2 inside", string.Join(' ', submission.Contents.Values.Select(v => Encoding.UTF8.GetString(v.AsSpan())).Order(StringComparer.Ordinal)));
        Assert.Equal("hunter2", Encoding.UTF8.GetString(submission.Contents[((EnvValue.Secret)submission.Spec.Processes[0].Env["PW"]).Digest].AsSpan()));
    }

    [Fact]
    public void A_volume_by_the_hosts_own_root_is_the_one_that_the_sandbox_sees_and_no_privilege()
    {
        const string Yaml = "processes: [{name: a, executable: /a, additional_volumes: [{path: ROOT/store/sample/x}]}]";
        var (host, inside) = (Example.Named with { BoshRoot = "/srv/fleet/vcap" }, Example.Named);
        var written = Example.Read(Yaml.Replace("ROOT", "/srv/fleet/vcap", StringComparison.Ordinal), host).Submission!.Spec;
        var usual = Example.Read(Yaml.Replace("ROOT", "/var/vcap", StringComparison.Ordinal), inside).Submission!.Spec;
        Assert.Equal(JobDigest.Of(usual), JobDigest.Of(written));
        Assert.True(Privileges.PrivilegeSet.Of(written.Id, written.Processes[0]).IsBaseline);
    }

    [Fact]
    public void The_same_content_written_otherwise_has_the_same_digest()
    {
        var one = Example.Read("processes:\n- name: a\n  executable: /a\n  env: {A: 1, B: x}\n  limits: {memory: 1G, cpu: 0.5}\n  args: [1]\n  user: {uid: 5, gid: 6}\n");
        var other = Example.Read("""
            # the same
            processes: [{ "user": "5:6", limits: {"cpu": 0.50, memory: "1024m"}, args: ["1"],
              env: {"B": 'x', A: "1"}, ephemeral_disk: no, executable: '/a', name: "a"}]
            files: []
            namespace: default
            """);

        Assert.Equal(JobDigest.Of(one.Submission!.Spec), JobDigest.Of(other.Submission!.Spec));
    }

    [Theory]
    [InlineData("args: [\"1\", \"2\"]")]
    [InlineData("env: {A: x}")]
    [InlineData("limits: {cpu: 1}")]
    [InlineData("env: {A: {secret: x}}")]
    public void Other_content_has_another_digest(string key) => Assert.NotEqual(
        JobDigest.Of(Example.Read("processes: [{name: a, executable: /a}]").Submission!.Spec),
        JobDigest.Of(Example.Read($"processes: [{{name: a, executable: /a, {key}}}]").Submission!.Spec));

    [Fact]
    public void The_name_of_the_command_line_wins_and_may_have_a_namespace()
    {
        const string Yaml = "job: a\nnamespace: n\nprocesses: [{name: a, executable: /a}]";

        Assert.Equal("n/a n/b m/b", string.Join(' ', new[] { null, "b", "m/b" }.Select(name => Example.Read(Yaml, new JobFileOptions { Name = name }).Submission!.Spec.Id)));
    }

    private static ProcessSpec Process(string key)
    {
        var read = Example.Read($"processes:\n- name: a\n  executable: /a\n  {key}\n");
        Assert.Empty(read.Mistakes);
        return read.Submission!.Spec.Processes[0];
    }
}
