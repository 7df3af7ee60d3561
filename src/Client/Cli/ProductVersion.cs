namespace Fleet.Client.Cli;

/// <summary>What <c>fleet version</c> says. Constants and cheap properties alone: it is the program's shortest path.</summary>
internal static class ProductVersion
{
    public static string Text => typeof(ProductVersion).Assembly.GetName().Version!.ToString(3);

    public static string Runtime => $".NET {Environment.Version}";

    public static string Os => Environment.OSVersion.VersionString;
}
