using System.Text;
using Fleet.Client.Jobs;
using Fleet.Client.Linux;

namespace Fleet.Client.Tests.Jobs;

/// <summary>Malformed and hostile input: refused with its place, at bounded cost.</summary>
public class HostileYamlTests
{
    [Theory]
    [InlineData("", "job.yml:1:1: the file is empty; a job file names processes")]
    [InlineData("# only a comment\n", "job.yml:1:1: the file is empty; a job file names processes")]
    [InlineData("---\n", "job.yml:1:1: the file is empty; a job file names processes")]
    [InlineData("just text", "job.yml:1:1: a job file is a map of keys such as processes; got 'just text'")]
    [InlineData("processes:\n- name: a\n  executable: /a\n---\nprocesses: []\n", "job.yml:4:1: a job file is one document; got a second one: make it a file of its own")]
    [InlineData("processes:\n- name: a\n  name: b\n  executable: /a\n", "job.yml:3:3: processes[0].name: a key stands once in a map; 'name' is there already at line 2")]
    [InlineData("processes: !ruby/object:Gem [{name: a, executable: /a}]\n", "job.yml:1:12: processes: a job file has no tags beside YAML's own for text, numbers, maps and lists; got '!ruby/object:Gem': remove it")]
    [InlineData("processes:\n- {name: a, executable: /a, args: [!!binary aGk=]}\n", "job.yml:2:36: processes[0].args[0]: a job file has no tags beside YAML's own for text, numbers, maps and lists; got 'tag:yaml.org,2002:binary': remove it")]
    [InlineData("processes:\n- name: *none\n", "job.yml:2:9: processes[0].name: no anchor &none stands before this alias")]
    [InlineData("processes: &all\n- *all\n", "job.yml:2:3: processes[0]: the anchor &all contains itself")]
    [InlineData("processes:\n- {name: a, executable: /a, args: [\"x\\0y\"]}\n", "job.yml:2:36: processes[0].args[0]: a value has no NUL; remove the escape")]
    [InlineData("processes:\n- {[x]: y, name: a, executable: /a}\n", "job.yml:2:4: processes[0]: a key is text; got a list")]
    [InlineData("processes:\n-\n- {name: a, executable: /a}\n", "job.yml:2:2: processes[0]: a process is a map with a name and an executable; got nothing (null)")]
    [InlineData("a: \0", "job.yml:1:4: a job file has no control characters; got U+0000: remove it, or write \"\\x00\"")]
    [InlineData("processes:\n- name: \u001b[31m\n", "job.yml:2:9: a job file has no control characters; got U+001B: remove it, or write \"\\x1b\"")]
    public void What_is_not_a_job_file_is_refused_with_its_place(string yaml, string expected) => Assert.Equal(expected, Example.Mistakes(yaml));

    [Theory]
    [InlineData("processes: [\n", "job.yml:2:1: this is not YAML: while parsing a node, did not find expected node content")]
    [InlineData("processes:\n\t- name: a\n", "job.yml:1:1: this is not YAML: while scanning a mapping, found invalid tab as indentation")]
    [InlineData("processes:\n- {name: a, args: [\"\\ud800\"]}\n", "job.yml:2:20: this is not YAML: while scanning a quoted scalar, found invalid")]
    [InlineData("processes:\n- {name: a, args: [\"\\U0000d800\"]}\n", "job.yml:2:20: this is not YAML: while scanning a quoted scalar, found invalid")]
    public void What_is_not_YAML_is_refused_with_its_place(string yaml, string expected) => Assert.StartsWith(expected, Example.Mistakes(yaml));

    [Theory]
    [InlineData(new byte[] { (byte)'a', (byte)'\n', (byte)'b', 0xff }, "job.yml:2:2: a job file is UTF-8; got the byte 0xff: save it as UTF-8")]
    [InlineData(new byte[] { 0xff, 0xfe, (byte)'a', 0 }, "job.yml:1:1: a job file is UTF-8; got the byte 0xff: save it as UTF-8")]
    [InlineData(new byte[] { 0xed, 0xa0, 0x80 }, "job.yml:1:1: a job file is UTF-8; got the byte 0xed: save it as UTF-8")]
    [InlineData(new byte[] { 0xe2, 0x82 }, "job.yml:1:1: a job file is UTF-8; got the byte 0xe2: save it as UTF-8")]
    public void Bytes_that_are_not_UTF_8_are_refused(byte[] content, string expected) =>
        Assert.Equal(expected, Assert.Single(JobFileReader.Read("job.yml", content, Example.Named).Mistakes).ToString());

    [Fact]
    public void A_byte_order_mark_is_no_character_of_the_file() =>
        Assert.Empty(Example.Mistakes("\uFEFFprocesses: [{name: a, executable: /a}]"));

    [Fact]
    public void A_bomb_of_aliases_is_refused_where_it_passes_the_bound()
    {
        var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (var i = 1; i < 30; i++)
        {
            bomb.Append($"a{i}: &a{i} [{string.Join(", ", Enumerable.Repeat($"*a{i - 1}", 10))}]\n");
        }

        Assert.Equal(
            "job.yml:5:45: a4[7]: a job file has at most 100000 values and 4194304 characters, with each alias counted as what it stands for",
            Example.Mistakes(bomb.ToString()));
    }

    [Fact]
    public void A_long_text_repeated_by_aliases_is_refused() =>
        Assert.Contains(
            "at most 100000 values and 4194304 characters",
            Example.Mistakes($"a: &a {new string('x', 500_000)}\nb: [{string.Join(", ", Enumerable.Repeat("*a", 50))}]"));

    [Theory]
    [InlineData('[')]
    [InlineData('{')]
    public void A_deep_file_is_refused_at_the_bound(char bracket) =>
        Assert.Contains("job.yml:1:33: ", Example.Mistakes(new string(bracket, JobFileReader.MaxBytes)));

    [Fact]
    public void Two_thousand_mistakes_are_told_in_two_hundred_lines()
    {
        var mistakes = Example.Read($"processes: [{string.Join(", ", Enumerable.Repeat("{}", 1000))}]").Mistakes;

        Assert.Equal(201, mistakes.Length);
        Assert.Equal("and 1800 more mistakes", mistakes[^1].Message);
    }

    [Fact]
    public void A_megabyte_of_processes_is_one_mistake() => Assert.Equal(
        "job.yml:1:12: processes: a job has at most 1000 processes and this one has 40000; make it several jobs",
        Example.Mistakes($"processes: [{string.Join(", ", Enumerable.Repeat("{}", 40_000))}]"));

    [Fact]
    public void What_a_message_quotes_cannot_drive_a_terminal()
    {
        var mistake = Assert.Single(Example.Read("processes:\n- {name: a, executable: /a, \"\\e[2Jx\": 1}\n").Mistakes);

        Assert.StartsWith("unknown key '\\u001b[2Jx'", mistake.Message);
        Assert.DoesNotContain('\u001b', mistake.ToString());
    }

    [Fact]
    public void A_file_of_100_MB_is_refused_by_its_size_without_being_read()
    {
        var path = Path.GetTempFileName();
        using (var file = File.OpenWrite(path))
        {
            file.SetLength(100_000_000);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var mistake = Assert.Single(JobFileReader.ReadFile(path, Example.Named).Mistakes);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        File.Delete(path);

        Assert.Equal($"{path}:1:1: a job file has at most 1048576 bytes; this one has 100000000: put large content into a package", mistake.ToString());
        Assert.InRange(allocated, 0, 1_000_000);
    }

    [Theory]
    [InlineData("/dev/zero", "cannot read it: it is a device, not a regular file")]
    [InlineData("/tmp", "cannot read it: it is a folder, not a regular file")]
    [InlineData("/nowhere/job.yml", "cannot read it: no such file or directory")]
    public void What_is_no_regular_file_is_refused(string path, string expected) =>
        Assert.Equal(expected, Assert.Single(JobFileReader.ReadFile(path, Example.Named).Mistakes).Message);

    [Fact]
    public async Task A_pipe_that_nobody_writes_to_is_refused_and_not_waited_for()
    {
        var path = Path.Combine(Path.GetTempPath(), $"fleet-pipe-{Guid.NewGuid():N}");
        Assert.True((await new Command("mkfifo", path).Run()).Succeeded);
        try
        {
            Assert.Equal("cannot read it: it is a pipe, not a regular file", Assert.Single(JobFileReader.ReadFile(path, Example.Named).Mistakes).Message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_link_to_a_job_file_is_read_as_BOSH_links_its_job_folders()
    {
        var link = Path.Combine(Path.GetTempPath(), $"fleet-link-{Guid.NewGuid():N}");
        File.CreateSymbolicLink(link, Example.Paths("bpm").First());
        try
        {
            Assert.Empty(JobFileReader.ReadFile(link, Example.Named).Mistakes);
        }
        finally
        {
            File.Delete(link);
        }
    }
}
