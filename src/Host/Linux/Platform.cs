// The analyzer of platform calls (CA1416) then knows that modes and links of files are there.
[assembly: System.Runtime.Versioning.SupportedOSPlatform("linux")]
