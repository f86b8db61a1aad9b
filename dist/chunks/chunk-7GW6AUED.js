import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);
function aloneIn(folder){let homes=["HOME","USERPROFILE","APPDATA","LOCALAPPDATA","DOCKER_CONFIG","XDG_RUNTIME_DIR"],proxies=["HTTP_PROXY","HTTPS_PROXY","http_proxy","https_proxy"];return Object.fromEntries([...homes.map(name=>[name,folder]),...proxies.map(name=>[name,""])])}export{aloneIn};
