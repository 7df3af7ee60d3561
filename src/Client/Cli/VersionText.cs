namespace Fleet.Client.Cli;

internal static class VersionText
{
    public static int Print()
    {
        Console.Out.WriteLine($"fleet {ProductVersion.Text}");
        return 0;
    }
}
