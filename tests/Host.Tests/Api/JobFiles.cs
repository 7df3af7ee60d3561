namespace Fleet.Host.Tests.Api;

/// <summary>Job files that are valid, or wrong in one known way.</summary>
internal static class JobFiles
{
    public const string Web = """
        job: web
        processes:
        - name: web
          executable: /bin/web
        """;

    public const string WebChanged = """
        job: web
        processes:
        - name: web
          executable: /bin/web2
        - name: worker
          executable: /bin/worker
        """;

    public const string Privileged = """
        job: web
        processes:
        - name: web
          executable: /bin/web
        - name: root
          executable: /bin/root
          unsafe:
            privileged: true
        """;

    public const string TwoMistakes = """
        job: web
        colour: red
        processes:
        - name: web
          executable: /bin/web
          flavour: sweet
        """;
}
