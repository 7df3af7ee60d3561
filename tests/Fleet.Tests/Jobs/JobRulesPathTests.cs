using CsCheck;
using Fleet.Jobs;
using Fleet.Processes;
using static Fleet.Tests.Jobs.Sample;

namespace Fleet.Tests.Jobs;

/// <summary>Volumes and files: the words are those of BPM's ProcessConfig.Validate, the order too.</summary>
public class JobRulesPathTests
{
    private static readonly Gen<string> Paths =
        Pick.Of("..", ".", "", "a", "bc", "var", "vcap", "data", "shop").Array[0, 6]
            .Select(Pick.Of("", "/", "/var/vcap/"), (parts, start) => start + string.Join('/', parts));

    // The table of Go's path/filepath TestClean, as far as it is about Unix.
    [Theory]
    [InlineData("", ".")]
    [InlineData("abc", "abc")]
    [InlineData("abc/", "abc")]
    [InlineData("abc/def/", "abc/def")]
    [InlineData("./", ".")]
    [InlineData("../", "..")]
    [InlineData("../../", "../..")]
    [InlineData("/abc/", "/abc")]
    [InlineData("abc//def//ghi", "abc/def/ghi")]
    [InlineData("//abc", "/abc")]
    [InlineData("abc//", "abc")]
    [InlineData("abc/./def", "abc/def")]
    [InlineData("/./abc/def", "/abc/def")]
    [InlineData("abc/.", "abc")]
    [InlineData("abc/def/ghi/../jkl", "abc/def/jkl")]
    [InlineData("abc/def/../..", ".")]
    [InlineData("/abc/def/../..", "/")]
    [InlineData("abc/def/../../..", "..")]
    [InlineData("/abc/def/../../..", "/")]
    [InlineData("abc/def/../../../ghi/jkl/../../../mno", "../../mno")]
    [InlineData("/../abc", "/abc")]
    [InlineData("abc/./../def", "def")]
    [InlineData("abc//./../def", "def")]
    [InlineData("abc/../../././../def", "../../def")]
    public void Canonical_is_what_Go_cleans_to(string path, string expected) => Assert.Equal(expected, JobRules.Canonical(path));

    [Theory]
    [InlineData("/var/vcap/data/other", null)]
    [InlineData("/var/vcap/data", null)]
    [InlineData("/var/vcap/store/shop/plugins", null)]
    [InlineData("/var/vcap/data/x/", "a volume's path is canonical; expected '/var/vcap/data/x' but got '/var/vcap/data/x/'")]
    [InlineData("/var/vcap/../../etc", "a volume's path is canonical; expected '/etc' but got '/var/vcap/../../etc'")]
    [InlineData("", "a volume's path is canonical; expected '.' but got ''")]
    [InlineData("/var/vcap/data/shop", "a volume cannot be the job's own data or store folder; got '/var/vcap/data/shop': use ephemeral_disk or persistent_disk")]
    [InlineData("/var/vcap/store/shop", "a volume cannot be the job's own data or store folder; got '/var/vcap/store/shop': use ephemeral_disk or persistent_disk")]
    [InlineData("/var/vcap", "a volume lies within /var/vcap; got '/var/vcap': other paths of the host are unsafe.unrestricted_volumes")]
    [InlineData("/var/vcapx/a", "a volume lies within /var/vcap; got '/var/vcapx/a': other paths of the host are unsafe.unrestricted_volumes")]
    [InlineData("/etc", "a volume lies within /var/vcap; got '/etc': other paths of the host are unsafe.unrestricted_volumes")]
    [InlineData("data/x", "a volume lies within /var/vcap; got 'data/x': other paths of the host are unsafe.unrestricted_volumes")]
    public void A_volume_keeps_BPMs_rules(string path, string? broken) => Assert.Equal(
        broken is null ? "" : $"processes[0].additional_volumes[0].path: {broken}", Mistakes(Process with { AdditionalVolumes = [new Volume(path)] }));

    [Theory]
    [InlineData("/srv/bosh/data/x", true)]
    [InlineData("/var/vcap/data/x", true)]
    [InlineData("/srv/bosh/data/shop", false)]
    [InlineData("/srv/data", false)]
    public void A_volume_may_be_written_for_the_hosts_root_too(string path, bool valid) =>
        Assert.Equal(valid, Mistakes(Job(Process with { AdditionalVolumes = [new Volume(path)] }), "/srv/bosh").Length == 0);

    [Fact]
    public void The_folders_of_a_job_in_a_namespace_are_its_own_too() => Assert.Contains(
        "own data or store folder",
        Mistakes(new JobSpec(JobId.Parse("eu/shop"), [Process with { AdditionalVolumes = [new Volume("/var/vcap/store/eu@shop")] }], [])));

    [Fact]
    public void No_volume_that_passes_can_name_anything_outside_the_root() => Paths.Sample(path =>
    {
        var passes = Mistakes(Process with { AdditionalVolumes = [new Volume(path)] }).Length == 0;
        return !passes || (Path.GetFullPath(path) == path && path.StartsWith("/var/vcap/"));
    });

    [Fact]
    public void No_file_that_passes_can_name_anything_outside_the_jobs_folder() => Paths.Sample(path =>
    {
        var passes = Mistakes(Job(Process) with { Files = [new JobFile(path, 0, Digest.Of(""))] }).Length == 0;
        return !passes || Path.GetFullPath($"/jobs/shop/{path}") == $"/jobs/shop/{path}";
    });

    [Fact]
    public void Canonical_is_canonical() => Paths.Sample(path => JobRules.Canonical(JobRules.Canonical(path)) == JobRules.Canonical(path));

    [Theory]
    [InlineData("/var/log", true)]
    [InlineData("/var/log/*.log", true)]
    [InlineData("/dev/sd[a-c]", true)]
    [InlineData("/dev/sd[", false)]
    [InlineData("/dev/sd[]", false)]
    [InlineData("/a\\", false)]
    [InlineData("var/log", false)]
    [InlineData("/var/../etc", false)]
    public void An_unrestricted_volume_is_a_path_or_a_pattern_of_the_host(string path, bool valid) =>
        Assert.Equal(valid, Mistakes(Process with { Unsafe = new Unsafe(false, [new Volume(path)], false) }).Length == 0);

    [Theory]
    [InlineData("config/a.conf", 0b110_100_100, "")]
    [InlineData("a", 0b1_000_000_000, "mode")]
    [InlineData("a", -1, "mode")]
    [InlineData("/a", 0, "path")]
    [InlineData("../a", 0, "path")]
    [InlineData("a/../b", 0, "path")]
    [InlineData("..", 0, "path")]
    [InlineData(".", 0, "path")]
    [InlineData("", 0, "path")]
    [InlineData("a/", 0, "path")]
    public void A_file_stays_below_the_jobs_folder(string path, int mode, string wrong) => Assert.Equal(
        wrong, string.Join(' ', JobRules.Check(Job(Process) with { Files = [new JobFile(path, mode, Digest.Of(""))] }, "/var/vcap").Select(m => m.Path["files[0].".Length..])));

    [Fact]
    public void A_name_longer_than_Linux_allows_is_refused() =>
        Assert.NotEqual("", Mistakes(Job(Process) with { Files = [new JobFile(new string('é', 128), 0, Digest.Of(""))] }));

    [Fact]
    public void Files_neither_repeat_nor_stand_where_another_needs_a_folder() => Assert.Equal(
        """
        files[0].path: 'a/b/c' needs a folder where 'a' is a file; one of the two must go elsewhere
        files[1].path: each file stands once under files; 'a/b/c' is there already
        """,
        Mistakes(Job(Process) with { Files = [new JobFile("a/b/c", 0, Digest.Of("")), new JobFile("a/b/c", 0, Digest.Of("")), new JobFile("a", 0, Digest.Of("")), new JobFile("ab", 0, Digest.Of(""))] }));
}
