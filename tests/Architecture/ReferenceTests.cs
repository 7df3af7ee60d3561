using System.Reflection;
using System.Xml.Linq;

namespace Fleet.Architecture;

/// <summary>One direction: Fleet knows nobody, Actors and Client know Fleet, Host knows all three; the root helper knows Fleet alone.</summary>
public sealed class ReferenceTests
{
    [Theory]
    [InlineData("src/Fleet/Fleet.csproj", "")]
    [InlineData("src/Actors/Actors.csproj", "Fleet")]
    [InlineData("src/Client/Client.csproj", "Fleet")]
    [InlineData("src/Host/Host.csproj", "Actors Client Fleet")]
    [InlineData("src/RootHelper/RootHelper.csproj", "Fleet")]
    public void A_project_references_exactly_the_projects_below_it(string project, string expected)
    {
        var references = Items(project, "ProjectReference").Select(r => Path.GetFileNameWithoutExtension(r)).Order(StringComparer.Ordinal);

        Assert.Equal(expected, string.Join(' ', references));
    }

    [Fact]
    public void Every_project_below_src_is_drawn_here()
    {
        var projects = Directory.GetFiles(Repository.At("src"), "*.csproj", SearchOption.AllDirectories).Select(p => Path.GetFileName(p));

        Assert.Equal(["Actors.csproj", "Client.csproj", "Fleet.csproj", "Host.csproj", "RootHelper.csproj"], projects.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void References_are_not_inherited_from_those_of_a_reference()
    {
        var settings = XDocument.Load(Repository.At("Directory.Build.props"));

        Assert.Equal(["true"], settings.Descendants("DisableTransitiveProjectReferences").Select(e => e.Value));
    }

    [Fact]
    public void The_domain_references_only_System()
    {
        var others = typeof(Digest).Assembly.GetReferencedAssemblies().Select(a => a.Name!).Where(n => n != "System" && !n.StartsWith("System.", StringComparison.Ordinal));

        Assert.Empty(others);
    }

    // It is compiled ahead of time, and its start is waited for.
    [Fact]
    public void The_client_has_no_actors_and_no_server() =>
        Assert.Equal(["Spectre.Console", "System.CommandLine", "YamlDotNet"], Items("src/Client/Client.csproj", "PackageReference").Concat(Items("src/Client/Client.csproj", "FrameworkReference")).Order(StringComparer.Ordinal));

    [Fact]
    public void The_root_helper_has_no_package() => Assert.Empty(Items("src/RootHelper/RootHelper.csproj", "PackageReference"));

    [Fact]
    public void The_domain_s_only_package_is_the_analyzer_that_guards_it() =>
        Assert.Equal(["Microsoft.CodeAnalysis.BannedApiAnalyzers"], Items("src/Fleet/Fleet.csproj", "PackageReference"));

    [Theory]
    [InlineData("System.DateTime.Now")]
    [InlineData("System.DateTime.UtcNow")]
    [InlineData("System.DateTimeOffset.Now")]
    [InlineData("System.DateTimeOffset.UtcNow")]
    [InlineData("System.Guid.NewGuid")]
    [InlineData("System.Random")]
    [InlineData("System.IO.File")]
    [InlineData("System.Environment")]
    [InlineData("System.Net.Sockets.Socket")]
    [InlineData("System.Threading.Tasks.Task")]
    public void The_domain_has_no_clock_chance_files_environment_network_or_tasks(string symbol)
    {
        var banned = File.ReadLines(Repository.At("src/Fleet/BannedSymbols.txt")).Select(line => line.Split(';')[0][2..]);

        Assert.Contains(symbol, banned);
    }

    [Fact]
    public void A_banned_symbol_is_an_error_not_a_warning()
    {
        var settings = File.ReadLines(Repository.At(".editorconfig"));

        Assert.Contains("dotnet_diagnostic.RS0030.severity = error", settings);
    }

    private static IEnumerable<string> Items(string project, string item) =>
        XDocument.Load(Repository.At(project)).Descendants(item).Select(e => e.Attribute("Include")!.Value);
}
