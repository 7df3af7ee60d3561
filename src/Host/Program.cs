using Fleet.Host.Cli;

// The shortest path first: nothing of the command line's library, ASP.NET or Akka is touched for it.
return args is ["version" or "--version"] ? VersionText.Print() : await Entry.Run(args);
