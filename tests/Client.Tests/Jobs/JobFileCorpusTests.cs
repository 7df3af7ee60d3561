using Fleet.Client.Jobs;
using Fleet.Jobs;
using Fleet.Privileges;

namespace Fleet.Client.Tests.Jobs;

/// <summary>Files as people have them: rendered bpm.yml of real releases, and Fleet's own.</summary>
public class JobFileCorpusTests
{
    [Theory]
    [MemberData(nameof(Files), "bpm")]
    public void A_rendered_bpm_file_is_a_job_file_once_it_has_a_name(string name, string path)
    {
        var read = JobFileReader.ReadFile(path, new JobFileOptions { Name = name });

        Assert.Empty(read.Mistakes);
        Assert.Equal(name, read.Submission!.Spec.Id.Name);
    }

    [Theory]
    [MemberData(nameof(Files), "fleet")]
    public void A_file_with_the_keys_of_Fleet_is_valid(string name, string path)
    {
        var read = JobFileReader.ReadFile(path, new JobFileOptions());

        Assert.Empty(read.Mistakes);
        Assert.Equal(name, read.Submission!.Spec.Id.Name);
    }

    [Theory]
    [MemberData(nameof(Files), "broken")]
    public void A_broken_file_has_one_mistake_that_says_where(string name, string path)
    {
        var mistake = Assert.Single(JobFileReader.ReadFile(path, new JobFileOptions()).Mistakes);

        Assert.True(mistake.Line >= 1 && mistake.Column >= 1 && mistake.Message.Length > 10, $"{name}: {mistake}");
    }

    [Theory]
    [InlineData("garden", 45)]
    [InlineData("silk-daemon", 43)]
    [InlineData("kube-apiserver", 0)]
    [InlineData("route_registrar", 2)]
    [InlineData("nats_sync", 45)]
    [InlineData("galera-agent", 44)]
    public void The_corpus_asks_for_the_privileges_it_is_known_for(string name, int privileges)
    {
        var path = Example.Paths("bpm").Single(p => Path.GetFileNameWithoutExtension(p) == name);
        var process = JobFileReader.ReadFile(path, new JobFileOptions { Name = name }).Submission!.Spec.Processes[0];

        Assert.Equal(privileges, PrivilegeSet.Of(JobId.Parse(name), process).Members.Length);
    }

    public static TheoryData<string, string> Files(string folder)
    {
        var data = new TheoryData<string, string>();
        foreach (var path in Example.Paths(folder))
        {
            data.Add(Path.GetFileNameWithoutExtension(path), path);
        }

        return data;
    }
}
