using System.Text.RegularExpressions;
using Xunit.Abstractions;

namespace Fleet.Architecture;

/// <summary>A feature is found in the same room on each floor; rooms stay small.</summary>
public sealed partial class RoomTests(ITestOutputHelper output)
{
    private static readonly string[] Floors = ["src/Fleet", "src/Actors", "src/Client", "src/Host", "src/RootHelper"];

    // A file this long needs a reason in its commit; more than this is split (style: past 250, split or say why).
    private const int Longest = 250;

    [Fact]
    public void A_namespace_is_the_folder_of_its_file()
    {
        var misplaced = Floors.SelectMany(Repository.Sources).Select(f => (File: f, Has: NamespaceOf(f), Wants: Expected(f))).Where(f => f.Has is not null && f.Has != f.Wants);

        Assert.Empty(misplaced);
    }

    [Fact]
    public void No_source_file_is_longer_than_250_lines()
    {
        var sizes = Floors.SelectMany(Repository.Sources).Select(f => (File: f, Lines: File.ReadLines(Repository.At(f)).Count())).ToArray();
        foreach (var (file, lines) in sizes.Where(f => f.Lines > 150).OrderByDescending(f => f.Lines))
        {
            output.WriteLine($"{lines,5} {file}");
        }

        Assert.All(sizes, f => Assert.InRange(f.Lines, 1, Longest));
    }

    [Theory]
    [InlineData("src/Fleet", "tests/Fleet.Tests", 1.0, 0.6)]
    [InlineData("src/Actors", "tests/Actors.Tests", 0.7, 0.55)]
    public void The_ratio_of_tests_to_code_does_not_fall(string source, string tests, double wanted, double reached)
    {
        var (code, test) = (Repository.Lines(source), Repository.Lines(tests));
        output.WriteLine($"{source}: {code} lines, {tests}: {test} lines, ratio {(double)test / code:0.00}, wanted {wanted:0.0}");

        Assert.InRange((double)test / code, reached, double.MaxValue);
    }

    [Fact]
    public void One_file_starts_processes_on_each_floor_that_does() =>
        Assert.Equal(["src/Client/Linux/Command.cs", "src/RootHelper/Linux/Child.cs"], FilesWith(Floors, ProcessStart()));

    // What it does not call itself would still be the host's only, and belong there.
    [Fact]
    public void The_client_asks_the_kernel_itself_for_these_alone() =>
        Assert.Equal(
            ["execv", "openat", "setenv", "signal", "statx", "write"],
            Repository.Sources("src/Client").SelectMany(f => EntryPoint().Matches(File.ReadAllText(Repository.At(f)))).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal));

    [Fact]
    public void Client_and_host_make_system_calls_in_the_room_for_them() =>
        Assert.All(FilesWith(["src/Client", "src/Host"], EntryPoint()), f => Assert.Equal("Linux", Path.GetFileName(Path.GetDirectoryName(f))));

    [Fact]
    public void Nobody_reads_local_time_for_anything_but_showing_it() =>
        Assert.Empty(FilesWith(Floors, LocalClock()));

    private static string[] FilesWith(string[] floors, Regex pattern) =>
        [.. floors.SelectMany(Repository.Sources).Where(f => pattern.IsMatch(File.ReadAllText(Repository.At(f))))];

    private static string? NamespaceOf(string file) => NamespaceLine().Match(File.ReadAllText(Repository.At(file))) is { Success: true } m ? m.Groups[1].Value : null;

    private static string Expected(string file)
    {
        var rooms = Path.GetDirectoryName(file)!.Split('/')[1..];
        return string.Join('.', rooms[0] == "Fleet" ? rooms : ["Fleet", .. rooms]);
    }

    [GeneratedRegex(@"^namespace ([A-Za-z0-9_.]+);", RegexOptions.Multiline)]
    private static partial Regex NamespaceLine();

    [GeneratedRegex(@"\bProcess\.Start\(|new Process\b|EntryPoint = ""(vfork|fork|posix_spawn)")]
    private static partial Regex ProcessStart();

    [GeneratedRegex(@"EntryPoint = ""(\w+)""")]
    private static partial Regex EntryPoint();

    [GeneratedRegex(@"\bDateTime(Offset)?\.(Now|Today)\b")]
    private static partial Regex LocalClock();
}
