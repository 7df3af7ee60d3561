using System.Runtime.CompilerServices;
using System.Text;
using Fleet.Ledger;

namespace Fleet.Tests.Ledger;

/// <summary>
/// A file per event as it is stored, kept for ever: what was once written must be read by every later version, and written again byte by byte.
/// A new event's file is made by the first run of this test with FLEET_WRITE_GOLDEN=1, and then committed. An old file is never made anew.
/// </summary>
public sealed class GoldenEventTests
{
    public static TheoryData<string> StoredNames => [.. EventCatalog.StoredNames.Order(StringComparer.Ordinal)];

    public static TheoryData<string> Files => [.. Directory.GetFiles(Golden).Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Files))]
    public void What_was_stored_is_read_and_would_be_stored_the_same_again(string storedName)
    {
        var stored = Read(storedName);

        var again = EventCatalog.Write(EventCatalog.Read(Encoding.UTF8.GetBytes(stored)));

        Assert.Equal(stored, Encoding.UTF8.GetString(again));
    }

    [Theory]
    [MemberData(nameof(StoredNames))]
    public void Every_event_is_stored_as_its_golden_file_shows(string storedName)
    {
        var example = Assert.Single(Examples.All, e => EventCatalog.NameOf(e) == storedName);
        var written = Encoding.UTF8.GetString(EventCatalog.Write(Examples.Of(example)));
        WriteNew(storedName, written);

        Assert.Equal(Read(storedName), written);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_golden_file_holds_the_event_it_is_named_after(string storedName) =>
        Assert.Equal(storedName, EventCatalog.Read(Encoding.UTF8.GetBytes(Read(storedName))).Envelope.Name);

    [Fact]
    public void An_event_read_again_is_the_event_that_was_written()
    {
        var before = Examples.Of(new Fleet.Processes.ProcessEvent.Stopped(8, 2));

        Assert.Equal(before, EventCatalog.Read(EventCatalog.Write(before)));
    }

    [Fact]
    public void A_start_names_its_grant_where_it_has_one_and_is_stored_as_before_where_it_has_none()
    {
        var starting = Examples.All.OfType<Fleet.Processes.ProcessEvent.Starting>().Single();
        var granted = Examples.Of(starting with { Grant = Grants.GrantSample.ForJob.Id });

        Assert.Equal(granted, EventCatalog.Read(EventCatalog.Write(granted)));
        Assert.DoesNotContain("grant", Encoding.UTF8.GetString(EventCatalog.Write(Examples.Of(starting))), StringComparison.Ordinal);
    }

    // Files end with a newline, as files do; rows do not.
    private static string Read(string storedName) => File.ReadAllText(PathOf(storedName)).TrimEnd('\n');

    private static void WriteNew(string storedName, string content)
    {
        if (Environment.GetEnvironmentVariable("FLEET_WRITE_GOLDEN") == "1" && !File.Exists(PathOf(storedName)))
        {
            File.WriteAllText(PathOf(storedName), content + "\n");
        }
    }

    private static string PathOf(string storedName) => Path.Combine(Golden, storedName + ".json");

    private static string Golden => Path.Combine(Path.GetDirectoryName(ThisFile())!, "golden");

    private static string ThisFile([CallerFilePath] string file = "") => file;
}
