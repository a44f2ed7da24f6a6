; Installer for Windows (Inno Setup 6.3 or newer). Checked by reading only: it has not been compiled so far.
;   iscc /DVersion=0.6.0 /DFolder=..\..\dist\StableNew-0.6.0-windows-amd64 scripts\windows\stablenew.iss
; Installs for the user who starts it, so it needs no administrator. Records, pictures and settings stay when it is removed.
#ifndef Version
  #error Say which version: /DVersion=1.2.3
#endif
#ifndef Folder
  #error Say where the folder of the build is: /DFolder=...
#endif

[Setup]
AppId={{6E0B1E0C-9C1B-4C54-9E4F-6D3E5A1B7F42}
AppName=StableNew
AppVersion={#Version}
AppPublisher=StableNew contributors
DefaultDirName={autopf}\StableNew
DefaultGroupName=StableNew
DisableProgramGroupPage=yes
PrivilegesRequired=lowest
PrivilegesRequiredOverridesAllowed=dialog
ArchitecturesAllowed=x64compatible
ArchitecturesInstallIn64BitMode=x64compatible
LicenseFile=..\..\LICENSE
SetupIconFile=..\..\assets\icon.ico
UninstallDisplayIcon={app}\StableNew.exe
OutputDir=..\..\dist
OutputBaseFilename=StableNew-{#Version}-setup
Compression=lzma2
SolidCompression=yes
WizardStyle=modern
CloseApplications=yes

[Tasks]
Name: desktopicon; Description: "{cm:CreateDesktopIcon}"; Flags: unchecked

[InstallDelete]
; Libraries of an older version must not be found by a newer one.
Type: filesandordirs; Name: "{app}\_internal"

[Files]
Source: "{#Folder}\*"; DestDir: "{app}"; Flags: ignoreversion recursesubdirs createallsubdirs

[Icons]
Name: "{group}\StableNew"; Filename: "{app}\StableNew.exe"
Name: "{autodesktop}\StableNew"; Filename: "{app}\StableNew.exe"; Tasks: desktopicon

[Run]
Filename: "{app}\StableNew.exe"; Description: "{cm:LaunchProgram,StableNew}"; Flags: nowait postinstall skipifsilent
