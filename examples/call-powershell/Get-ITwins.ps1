#!/usr/bin/env pwsh
#requires -Version 7.0
<#
.SYNOPSIS
Prints the names of your iTwins with a token from credhelper.
#>
[CmdletBinding()]
param([string] $CredhelperProfile)

Set-StrictMode -Version Latest
$ErrorActionPreference = 'Stop'

$limitMs = 25000 # more than credhelper's own deadline (20 s), so that its reason comes through
$temporary = 75 # exit status of credhelper: trying again later helps
$api = $env:ITWIN_API ? $env:ITWIN_API : 'https://api.bentley.com'
$url = $api + '/itwins/?$top=5'

function Stop-WithLine([string] $Line, [int] $Status = 1) {
    [Console]::Error.WriteLine($Line)
    exit $Status
}

# One run of `credhelper get`; `&` has no time limit, so .NET starts it.
function Invoke-Credhelper([string[]] $Arguments) {
    $start = [System.Diagnostics.ProcessStartInfo]::new('credhelper')
    foreach ($argument in @('get') + $Arguments) { $start.ArgumentList.Add($argument) }
    $start.RedirectStandardInput = $start.RedirectStandardOutput = $start.RedirectStandardError = $true
    $process = [System.Diagnostics.Process]::Start($start)
    try {
        $process.StandardInput.Close()
        # Both are read as they come: a full pipe would block the command, and so this script.
        $stdout = $process.StandardOutput.ReadToEndAsync()
        $stderr = $process.StandardError.ReadToEndAsync()
        # A process that it left behind may hold the pipes open.
        $outputs = [System.Threading.Tasks.Task[]] @($stdout, $stderr)
        if (-not ($process.WaitForExit($limitMs) -and [System.Threading.Tasks.Task]::WaitAll($outputs, 1000))) {
            $process.Kill($true)
            Stop-WithLine "credhelper gave no answer within $($limitMs / 1000) s"
        }
        [pscustomobject]@{
            Status = $process.ExitCode
            Stdout = $stdout.Result
            Stderr = $stderr.Result.Trim()
        }
    } finally {
        $process.Dispose()
    }
}

# An access token, with patience for what is temporary.
function Get-AccessToken([string[]] $Arguments) {
    foreach ($pause in 2, 4, 0) {
        $ran = Invoke-Credhelper $Arguments
        if ($ran.Status -ne $temporary -or $pause -eq 0) { break }
        Start-Sleep -Seconds $pause
    }
    if ($ran.Status -ne 0) { Stop-WithLine $ran.Stderr $ran.Status }
    $answer = $ran.Stdout | ConvertFrom-Json
    if ($answer.Version -ne 1) { Stop-WithLine 'credhelper answered in a version that is not known here' }
    $answer.AccessToken
}

function Invoke-Api([string] $AccessToken) {
    $request = @{
        Uri = $url
        Headers = @{
            Accept = 'application/vnd.bentley.itwin-platform.v1+json'
            Authorization = "Bearer $AccessToken"
        }
        MaximumRedirection = 0 # the token is for this server
        SkipHttpErrorCheck = $true
        TimeoutSec = 30
    }
    Invoke-WebRequest @request
}

$arguments = @($CredhelperProfile | Where-Object { $_ })
$response = Invoke-Api (Get-AccessToken $arguments)
if ($response.StatusCode -eq 401) {
    # The token was revoked, or its key rotated, before its expiry: once, past the cache.
    $response = Invoke-Api (Get-AccessToken (@('--fresh') + $arguments))
}
if ($response.StatusCode -ne 200) { Stop-WithLine "$url answered $($response.StatusCode)" }
# A media type that PowerShell does not know to be text leaves the content as bytes.
$text = $response.Content -is [byte[]] ? [Text.Encoding]::UTF8.GetString($response.Content) : $response.Content
($text | ConvertFrom-Json).iTwins.displayName
